import { type AngularMargin, type BankLossOptions, ClassWeightsLoss } from '@openset/core';

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

/** ArcFace (Deng et al. 2019): softmax over `scale · cos(θ_y + margin)` and `scale · cos θ_j`. */
export class ArcFaceLoss extends ClassWeightsLoss {
  constructor(options: ArcFaceLossOptions) {
    const { scale = 64, margin = 0.5, gradient = 'exact', branch = 'easy' } = options;
    const margins = [{ kind: 'angular', margin, gradient, branch }] as const;
    super('ArcFaceLoss', options, { criterion: 'softmax', scale, margins }, null);
  }
}
