import {
  type AngularMargin,
  type BankLossOptions,
  bankLossOptions,
  ClassWeightsLoss,
  type LossDescriptor,
  marginBranchOption,
  marginGradientOption,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  suitableStrength,
} from '@openset/core';

/** Options of `ArcFaceLoss`. */
export interface ArcFaceLossOptions extends BankLossOptions {
  /** s or γ; default 64. */
  readonly scale?: number;
  /** m in radians, added to the angle with the own class; default 0.5. */
  readonly margin?: number;
  /** `'exact'` (default) or `'detached'`: the value with the margin, the gradient of the plain cosine. */
  readonly gradient?: AngularMargin['gradient'];
  /**
   * `'easy'` (default, as in the EPL repository): the margin only where `cos θ > 0`. `'linear'`: beyond
   * `θ + m = π` the value `cos θ − m sin m` (ArcFace's own code). `'none'`: `cos(θ + m)` everywhere.
   */
  readonly branch?: AngularMargin['branch'];
}

/** The descriptor of `ArcFaceLoss`. */
export const arcFaceDescriptor = {
  name: 'ArcFaceLoss',
  package: '@openset/margin',
  summary: 'ArcFace: softmax with a margin on the angle of the own class',
  use: 'for ranking, as CosFace',
  source: 'Deng et al. 2019, arXiv 1801.07698',
  threshold: null,
  hasClassWeights: true,
  words: {
    arcface: { options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale, margin: 0.3 }) },
  },
  options: {
    scale: scaleOption,
    margin: {
      type: 'number',
      default: 0.5,
      symbol: 'm',
      description: 'margin in radians, added to the angle of the own class',
    },
    gradient: { ...marginGradientOption, default: 'exact' },
    branch: { ...marginBranchOption, default: 'easy' },
    ...bankLossOptions,
  },
  create: (options: ArcFaceLossOptions): OpenSetLoss => new ArcFaceLoss(options),
  conformance: [
    { options: { scale: 16, branch: 'linear' } },
    { name: 'easy branch', options: { scale: 16, branch: 'easy' } },
    { name: 'no branch', options: { scale: 16, branch: 'none' } },
  ],
} as const satisfies LossDescriptor;

/** ArcFace (Deng et al. 2019): softmax over `scale · cos(θ_y + margin)` and `scale · cos θ_j`. */
export class ArcFaceLoss extends ClassWeightsLoss {
  constructor(options: ArcFaceLossOptions) {
    const { scale, margin, gradient, branch } = resolveLossOptions(arcFaceDescriptor, options);
    const margins = [{ kind: 'angular', margin, gradient, branch }] as const;
    super('ArcFaceLoss', options, { criterion: 'softmax', scale, margins }, null);
  }
}
