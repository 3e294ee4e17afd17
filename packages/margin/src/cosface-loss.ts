import { type BankLossOptions, ClassWeightsLoss } from '@openset/core';

/** Options of `CosFaceLoss`. */
export interface CosFaceLossOptions extends BankLossOptions {
  /** s or γ; default 64. */
  readonly scale?: number;
  /** m, subtracted from the cosine with the own class; default 0.4. */
  readonly margin?: number;
}

/**
 * CosFace (Wang et al. 2018): softmax over `scale · (cos θ_y − margin)` and `scale · cos θ_j`. The class loss of
 * UniTSFace and the base of EPL; `Normalized_Softmax` in the papers' code.
 */
export class CosFaceLoss extends ClassWeightsLoss {
  constructor(options: CosFaceLossOptions) {
    const { scale = 64, margin = 0.4 } = options;
    const margins = margin === 0 ? [] : [{ kind: 'cosine', margin } as const];
    super('CosFaceLoss', options, { criterion: 'softmax', scale, margins }, null);
  }
}
