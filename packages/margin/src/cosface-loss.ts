import {
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  cosineMargin,
  cosineMarginOption,
  describeLoss,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  softmaxCriterion,
  suitableStrength,
} from '@openset/core';

/** Options of `CosFaceLoss`. */
export interface CosFaceLossOptions extends ClassWeightsLossOptions {
  /** s or γ, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0, subtracted from the cosine to the target class; default 0.4. */
  readonly margin?: number;
}

/** The descriptor of `CosFaceLoss`. */
export const cosFaceDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'CosFaceLoss',
  package: '@openset/margin',
  summary: 'CosFace: softmax with a margin on the cosine to the target class',
  use: 'for ranking: "which of these is the most similar?"',
  source: 'Wang et al. 2018, arXiv 1801.09414',
  threshold: null,
  hasClassWeights: true,
  words: { cosface: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: { ...cosineMarginOption, default: 0.4 },
    ...classWeightsLossOptions,
  },
  create: (options: CosFaceLossOptions): OpenSetLoss => new CosFaceLoss(options),
  conformance: [{ options: { scale: 16 } }],
  fixtures: {
    'normalized-softmax': ({ scale, margin }) => ({ scale, margin }),
    // Without the sample rate: the cases list the classes that take part.
    'partial-fc-cosface': ({ sampleRate, ...config }) => config,
  },
}));

/**
 * CosFace (Wang et al. 2018, arXiv 1801.09414): softmax cross-entropy over `scale · (cos θ_y − margin)` for the target class
 * and `scale · cos θ_j` for the others, mean over the batch. It is the class loss of UniTSFace and the default base of EPL;
 * their code calls it `Normalized_Softmax`. Learns no threshold. Accepts soft targets `[batch, numClasses]` if the margin
 * is 0.
 */
export class CosFaceLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: CosFaceLossOptions) {
    const { scale, margin } = resolveLossOptions(cosFaceDescriptor, options);
    const margins = margin === 0 ? [] : [cosineMargin(margin)];
    super('CosFaceLoss', options, { criterion: softmaxCriterion, scale, margins }, null);
  }
}
