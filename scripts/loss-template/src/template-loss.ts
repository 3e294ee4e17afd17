import {
  type BankLossOptions,
  bankLossOptions,
  ClassWeightsLoss,
  cosineMarginOption,
  type LossDescriptor,
  type OpenSetLoss,
  resolveLossOptions,
  scaleOption,
  suitableStrength,
} from '@openset/core';

/** Options of `TemplateLoss`. */
export interface TemplateLossOptions extends BankLossOptions {
  /** s; default 64. */
  readonly scale?: number;
  /** m, subtracted from the cosine of the own class; default 0.4. */
  readonly margin?: number;
}

/** The descriptor of `TemplateLoss`. */
export const templateDescriptor = {
  name: 'TemplateLoss',
  package: '@openset/template',
  summary: 'softmax with a margin on the cosine of the own class',
  use: 'as the start of a loss of your own',
  source: 'paper, equation and code that define the loss',
  threshold: null,
  hasClassWeights: true,
  words: { template: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: { ...cosineMarginOption, default: 0.4 },
    ...bankLossOptions,
  },
  create: (options: TemplateLossOptions): OpenSetLoss => new TemplateLoss(options),
  conformance: [{ options: { scale: 16 } }],
} as const satisfies LossDescriptor;

/** TemplateLoss: softmax over `scale · (cos θ_y − margin)` and `scale · cos θ_j`. */
export class TemplateLoss extends ClassWeightsLoss {
  constructor(options: TemplateLossOptions) {
    const { scale, margin } = resolveLossOptions(templateDescriptor, options);
    const margins = [{ kind: 'cosine', margin }] as const;
    super('TemplateLoss', options, { criterion: 'softmax', scale, margins }, null);
  }
}
