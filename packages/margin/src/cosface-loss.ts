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

/** Options of `CosFaceLoss`. */
export interface CosFaceLossOptions extends BankLossOptions {
  /** s or γ; default 64. */
  readonly scale?: number;
  /** m, subtracted from the cosine with the own class; default 0.4. */
  readonly margin?: number;
}

/** The descriptor of `CosFaceLoss`. */
export const cosFaceDescriptor = {
  name: 'CosFaceLoss',
  package: '@openset/margin',
  summary: 'CosFace: softmax with a margin on the cosine of the own class',
  use: 'for ranking: "which of these is most similar"',
  source: 'Wang et al. 2018, arXiv 1801.09414',
  threshold: null,
  hasClassWeights: true,
  words: { cosface: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: { ...cosineMarginOption, default: 0.4 },
    ...bankLossOptions,
  },
  create: (options: CosFaceLossOptions): OpenSetLoss => new CosFaceLoss(options),
  conformance: [{ options: { scale: 16 } }],
  fixtures: { 'normalized-softmax': ({ scale, margin }) => ({ scale, margin }) },
} as const satisfies LossDescriptor;

/**
 * CosFace (Wang et al. 2018): softmax over `scale · (cos θ_y − margin)` and `scale · cos θ_j`. The class loss of
 * UniTSFace and the base of EPL; `Normalized_Softmax` in the papers' code.
 */
export class CosFaceLoss extends ClassWeightsLoss {
  constructor(options: CosFaceLossOptions) {
    const { scale, margin } = resolveLossOptions(cosFaceDescriptor, options);
    const margins = margin === 0 ? [] : [{ kind: 'cosine', margin } as const];
    super('CosFaceLoss', options, { criterion: 'softmax', scale, margins }, null);
  }
}
