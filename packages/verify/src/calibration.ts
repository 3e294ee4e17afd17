import {
  bestAccuracy,
  calibrateThreshold,
  type LogisticCurve,
  plattCalibration,
  type ThresholdInterval,
} from '@openset/metrics';

/**
 * Curve that maps a cosine to the probability of "same": the share of pairs of the same identity among pairs with this
 * cosine, if both kinds are as frequent as among the pairs of the calibration. It does not depend on the threshold. A
 * threshold for a low false accept rate, or one learned in training, may reject pairs with a probability above one half.
 */
export type Calibration = LogisticCurve;

/** Cosines of pairs, and whether each pair shows one identity. */
export interface ScoredPairs {
  /** `[pairs]` */
  readonly cosines: ArrayLike<number>;
  /** `[pairs]`: true or 1 if both images show the same identity. */
  readonly isSame: ArrayLike<boolean | number>;
}

/** A threshold for a false accept rate. */
export interface RateThreshold {
  readonly threshold: number;
  /** 95 % confidence interval of the threshold, from −1 to 1. */
  readonly interval: ThresholdInterval;
  /** Number of pairs of different identities that a rate this low needs; null for a rate of 0. */
  readonly differentNeeded: number | null;
}

/**
 * Returns the threshold with the best accuracy on the pairs, from −1 to 1.
 * @throws MetricsError if there are no pairs, a cosine is NaN or `Infinity`, or lengths differ
 */
export function mostAccurateThreshold({ cosines, isSame }: ScoredPairs): number {
  return clampToCosine(bestAccuracy(cosines, isSame).threshold);
}

/**
 * Returns the threshold that accepts at most a share of pairs of different identities, from −1 to 1.
 * @param negatives `[pairs]`: cosines of pairs of different identities
 * @param far largest false accept rate, in [0, 1]
 * @returns null if no threshold up to 1 is strict enough
 * @throws MetricsError if there are no pairs, a cosine is NaN or `Infinity`, or `far` is out of range
 */
export function thresholdAtRate(negatives: ArrayLike<number>, far: number): RateThreshold | null {
  const { threshold, interval, negativesNeeded } = calibrateThreshold(negatives, far);
  if (threshold > 1) return null;
  const differentNeeded = Number.isFinite(negativesNeeded) ? negativesNeeded : null;
  return {
    threshold: clampToCosine(threshold),
    interval: { low: clampToCosine(interval.low), high: clampToCosine(interval.high) },
    differentNeeded,
  };
}

/**
 * Returns the curve from cosines to probabilities that fits the pairs best (Platt scaling).
 * @returns null if that curve is no calibration (see `usableCalibration`): the model is no better than chance on the pairs, or
 *   there are too few of them
 * @throws MetricsError if a kind of pairs is missing, a cosine is not finite, or lengths differ
 */
export function calibrateProbabilities({ cosines, isSame }: ScoredPairs): Calibration | null {
  return usableCalibration(plattCalibration(cosines, isSame));
}

/**
 * Returns a curve that is a calibration, otherwise null. Its probability must rise with the cosine, and be at least one half
 * for equal images, whose cosine is 1.
 */
export function usableCalibration({ slope, offset }: LogisticCurve): Calibration | null {
  // The probability is 1 / (1 + exp(slope · cosine + offset)).
  return slope < 0 && slope + offset <= 0 ? { slope, offset } : null;
}

function clampToCosine(threshold: number): number {
  return Math.min(1, Math.max(-1, threshold));
}
