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

/** Options of `TemplateLoss`. */
export interface TemplateLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0, subtracted from the cosine to the target class; default 0.4. */
  readonly margin?: number;
}

/** The descriptor of `TemplateLoss`. */
export const templateDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'TemplateLoss',
  package: '@openset/template',
  summary: 'softmax with a margin on the cosine to the target class',
  use: 'as a start for your own loss',
  source: 'paper and code that define the loss',
  threshold: null,
  hasClassWeights: true,
  words: { template: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: { ...cosineMarginOption, default: 0.4 },
    ...classWeightsLossOptions,
  },
  create: (options: TemplateLossOptions): OpenSetLoss => new TemplateLoss(options),
  conformance: [{ options: { scale: 16 } }],
}));

/** Softmax cross-entropy over `scale · (cos θ_y − margin)` and `scale · cos θ_j`, mean over the batch. */
export class TemplateLoss extends ClassWeightsLoss {
  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: TemplateLossOptions) {
    const { scale, margin } = resolveLossOptions(templateDescriptor, options);
    const margins = [cosineMargin(margin)];
    super('TemplateLoss', options, { criterion: softmaxCriterion, scale, margins }, null);
  }
}
