import {
  type AngularMargin,
  angularMargin,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  type MarginBranch,
  marginBranchOption,
  marginGradientOption,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';

/** Options of `ArcFaceLoss`. */
export interface ArcFaceLossOptions extends ClassWeightsLossOptions {
  /** s or γ, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m in radians, in `[0, π]`, added to the angle to the target class; default 0.5. */
  readonly margin?: number;
  /** `'exact'` (default), or `'detached'`: the loss includes the margin, but its gradient is that of the plain cosine. */
  readonly gradient?: AngularMargin['gradient'];
  /**
   * Behaviour where `cos(θ + m)` stops being monotonic in θ. `'easy'` (default, as in the EPL repository) applies the
   * margin only where `cos θ > 0`. `'linear'` (ArcFace's own code) uses `cos θ − m sin m` beyond `θ + m = π`. `'none'`
   * uses `cos(θ + m)` everywhere.
   */
  readonly branch?: MarginBranch;
}

/** The descriptor of `ArcFaceLoss`. */
export const arcFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'ArcFaceLoss',
  package: '@openset/margin',
  summary: 'ArcFace: softmax with a margin on the angle to the target class',
  use: 'for ranking, like CosFace',
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
      description: 'margin in radians, added to the angle to the target class',
    },
    gradient: { ...marginGradientOption, default: 'exact' },
    branch: { ...marginBranchOption, default: 'easy' },
    ...classWeightsLossOptions,
  },
  create: (options: ArcFaceLossOptions): OpenSetLoss => new ArcFaceLoss(options),
  conformance: [
    { options: { scale: 16, branch: 'linear' } },
    { name: 'easy branch', options: { scale: 16, branch: 'easy' } },
    { name: 'no branch', options: { scale: 16, branch: 'none' } },
    {
      name: 'detached gradient',
      options: { scale: 16, margin: 0.4, gradient: 'detached', branch: 'none' },
      stopsGradients: true,
    },
  ],
  // Without the sample rate: the cases list the classes that take part.
  fixtures: {
    'partial-fc-arcface': ({ sampleRate, ...config }) => ({
      ...config,
      gradient: 'detached',
      branch: 'none',
    }),
  },
}));

/**
 * ArcFace (Deng et al. 2019, arXiv 1801.07698): softmax cross-entropy over `scale · cos(θ_y + margin)` for the target class
 * and `scale · cos θ_j` for the others, mean over the batch. Learns no threshold.
 */
export class ArcFaceLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: ArcFaceLossOptions) {
    const { scale, margin, gradient, branch } = resolveLossOptions(arcFaceDescriptor, options);
    const margins = [angularMargin({ margin, gradient, branch })];
    super('ArcFaceLoss', options, { criterion: softmaxCriterion, scale, margins }, null);
  }
}
