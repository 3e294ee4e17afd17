import {
  type AngularMargin,
  angularMargin,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  cosineMargin,
  cosineMarginOption,
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

/** Options of `CombinedMarginLoss`. */
export interface CombinedMarginLossOptions extends ClassWeightsLossOptions {
  /** s or γ, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m₁, at least 1, multiplies the angle to the target class; default 1. */
  readonly angleFactor?: number;
  /** m₂ in radians, in `[0, π]`, added to the angle; default 0.3. */
  readonly angularMargin?: number;
  /** m₃, at least 0, subtracted from the cosine; default 0.2. */
  readonly cosineMargin?: number;
  /** Gradient of the angular margin, as in `ArcFaceLoss`; default `'exact'`. */
  readonly gradient?: AngularMargin['gradient'];
  /** Behaviour where the cosine stops being monotonic in the angle, as in `ArcFaceLoss`; default `'linear'`. */
  readonly branch?: MarginBranch;
}

/** The descriptor of `CombinedMarginLoss`. */
export const combinedMarginDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'CombinedMarginLoss',
  package: '@openset/margin',
  summary: 'combined margin: softmax with a factor and a margin on the angle, and a margin on the cosine',
  use: 'to mix the margins of SphereFace, ArcFace and CosFace',
  source: 'Deng et al. 2019, arXiv 1801.07698, eq. 4',
  threshold: null,
  hasClassWeights: true,
  words: {
    'combined-margin': { options: (numIdentities) => ({ scale: suitableStrength(numIdentities).scale }) },
  },
  options: {
    scale: scaleOption,
    angleFactor: {
      type: 'number',
      minimum: 1,
      default: 1,
      symbol: 'm₁',
      description: 'factor of the angle to the target class',
    },
    angularMargin: {
      type: 'number',
      default: 0.3,
      symbol: 'm₂',
      description: 'margin in radians, added to the angle',
    },
    cosineMargin: { ...cosineMarginOption, default: 0.2, symbol: 'm₃' },
    gradient: { ...marginGradientOption, default: 'exact' },
    branch: { ...marginBranchOption, default: 'linear' },
    ...classWeightsLossOptions,
  },
  create: (options: CombinedMarginLossOptions): OpenSetLoss => new CombinedMarginLoss(options),
  conformance: [
    { options: { scale: 16 } },
    {
      name: 'angle factor',
      options: { scale: 16, angleFactor: 1.35, angularMargin: 0.1, cosineMargin: 0 },
    },
  ],
}));

/**
 * The combined margin of the ArcFace paper (arXiv 1801.07698, eq. 4): softmax cross-entropy over
 * `scale · (cos(m₁ θ_y + m₂) − m₃)` for the target class and `scale · cos θ_j` for the others, mean over the batch.
 * SphereFace is (m₁, 0, 0), ArcFace is (1, m₂, 0), CosFace is (1, 0, m₃). Learns no threshold.
 */
export class CombinedMarginLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: CombinedMarginLossOptions) {
    const resolved = resolveLossOptions(combinedMarginDescriptor, options);
    const { scale, gradient, branch } = resolved;
    const margins = [
      angularMargin({ factor: resolved.angleFactor, margin: resolved.angularMargin, gradient, branch }),
      cosineMargin(resolved.cosineMargin),
    ];
    super('CombinedMarginLoss', options, { criterion: softmaxCriterion, scale, margins }, null);
  }
}
