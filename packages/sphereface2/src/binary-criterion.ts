import {
  angularMargin,
  type BankOptions,
  bceCriterion,
  ConfigError,
  cosineMargin,
  negativeMargin,
  operation,
  powerMap,
} from '@openset/core';
import { neg, type Tensor1D } from '@tensorflow/tfjs-core';

/** Options of `SphereFace2Loss` that shape its criterion. */
export interface BinaryOptions {
  /** r, the factor of the similarities, above 0; default 40. */
  readonly scale: number;
  /** m, at least 0: of a cosine, an angle in radians, or a factor of the angle from 1 on (`marginType`); default 0.4. */
  readonly margin: number;
  /** Kind of the margin: SphereFace2-C (default), -A and -M. */
  readonly marginType: 'cosine' | 'angular' | 'multiplicative';
  /** t, at least 1: exponent of the map of the similarities; default 3. */
  readonly exponent: number;
  /** λ in `(0, 1)`: weight of the positive term; that of the negatives is 1 − λ; default 0.7. */
  readonly positiveWeight: number;
  /** ω, above 0: the loss is multiplied by ω / scale; default 50. */
  readonly lossWeight: number;
  /**
   * `'detached'` (default, official code): the gradient of the plain cosine. `'exact'`: that of map and margin, with margins on the
   * angles of the negatives too (wespeaker), `marginType` cosine or angular.
   */
  readonly gradient: 'detached' | 'exact';
}

/**
 * Returns criterion, map and margins: on both kinds of cosines, or on the angle of the target class; with exact gradients on the
 * angles of all classes.
 * @throws ConfigError for a multiplicative margin with exact gradients, which has no definition
 */
export function binaryBankOptions(options: BinaryOptions): BankOptions {
  const { scale, margin, marginType, exponent, positiveWeight, lossWeight, gradient } = options;
  const shared = {
    criterion: bceCriterion,
    scale,
    similarityMap: powerMap({ exponent, gradient }),
    negativeWeight: (1 - positiveWeight) / positiveWeight,
    weight: (positiveWeight * lossWeight) / scale,
  } as const;
  if (marginType === 'cosine') {
    return { ...shared, margins: [cosineMargin(margin)], negativeMargin: negativeMargin({ cosine: margin }) };
  }
  if (gradient === 'detached') {
    const angle = marginType === 'angular' ? { margin } : { margin: 0, factor: margin };
    const margins = [angularMargin({ ...angle, branch: 'clamp', angleLimit: 1e-5 })];
    return { ...shared, margins, cosineLimit: 1 - 1e-5 };
  }
  if (marginType === 'multiplicative') {
    throw new ConfigError(
      "SphereFace2Loss: gradient 'exact' is defined for marginType 'cosine' and 'angular', but it is 'multiplicative'.",
    );
  }
  const margins = [angularMargin({ margin, branch: 'continuous' })];
  return { ...shared, margins, negativeMargin: negativeMargin({ angle: margin }) };
}

/**
 * Returns the bias at which embeddings that are orthogonal to all classes have the smallest loss (`init_bias` of sphereface2.py).
 * @param negatives number of negatives of an embedding; at least 1 counts
 */
export function initialBias(options: BinaryOptions, negatives: number): number {
  const { scale, margin, marginType, exponent, positiveWeight } = options;
  const map = (cosine: number) => 2 * ((cosine + 1) / 2) ** exponent - 1;
  const turned = (angle: number) => map(Math.cos(Math.min(Math.PI, angle)));
  const own = {
    cosine: map(0) - margin,
    angular: turned(Math.PI / 2 + margin),
    multiplicative: turned((margin * Math.PI) / 2),
  }[marginType];
  const other = marginType === 'cosine' ? map(0) + margin : map(0);
  const odds = positiveWeight / ((1 - positiveWeight) * Math.max(1, negatives));
  const gap = scale * (own - other);
  const root = Math.sqrt((1 - odds) ** 2 + 4 * odds * Math.exp(gap));
  // log(1 − odds + root), without the cancellation that makes it log 0 for few classes and a large scale.
  const last = odds < 1 ? Math.log(1 - odds + root) : Math.log(4 * odds) + gap - Math.log(odds - 1 + root);
  return Math.log(2 * odds) - scale * other - last;
}

/** Returns −x; differentiable, also in plain tfjs-core. */
export function negate(tensor: Tensor1D): Tensor1D {
  return operation<Tensor1D>(
    [tensor],
    () => ({ value: neg(tensor) }),
    (dy) => [neg(dy)],
  );
}
