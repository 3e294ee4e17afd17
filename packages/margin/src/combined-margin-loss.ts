import { type AngularMargin, type BankLossOptions, ClassWeightsLoss } from '@openset/core';

/** Options of `CombinedMarginLoss`. */
export interface CombinedMarginLossOptions extends BankLossOptions {
  /** s or γ; default 64. */
  readonly scale?: number;
  /** m₁, multiplies the angle; at least 1, default 1. */
  readonly angleFactor?: number;
  /** m₂ in radians, added to the angle; default 0.3. */
  readonly angularMargin?: number;
  /** m₃, subtracted from the cosine; default 0.2. */
  readonly cosineMargin?: number;
  /** Gradient of the angular part; default `'exact'`. */
  readonly gradient?: AngularMargin['gradient'];
  /** What is done beyond the monotonic range of the angular part; default `'linear'`. */
  readonly branch?: AngularMargin['branch'];
}

/**
 * The combined margin of ArcFace's paper (eq. 4): softmax over `scale · (cos(m₁ θ_y + m₂) − m₃)` and
 * `scale · cos θ_j`. SphereFace is (m₁, 0, 0), ArcFace (1, m₂, 0), CosFace (1, 0, m₃).
 */
export class CombinedMarginLoss extends ClassWeightsLoss {
  constructor(options: CombinedMarginLossOptions) {
    const { scale = 64, angleFactor = 1, angularMargin = 0.3, cosineMargin = 0.2 } = options;
    const { gradient = 'exact', branch = 'linear' } = options;
    const margins = [
      { kind: 'angular', factor: angleFactor, margin: angularMargin, gradient, branch },
      { kind: 'cosine', margin: cosineMargin },
    ] as const;
    super('CombinedMarginLoss', options, { criterion: 'softmax', scale, margins }, null);
  }
}
