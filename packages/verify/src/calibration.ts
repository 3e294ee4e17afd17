import {
  bestAccuracy,
  calibrateThreshold,
  type LogisticCurve,
  plattCalibration,
  type ThresholdInterval,
} from '@openset/metrics';

/** Curve that maps a cosine to the probability of "same", as `plattCalibration` fits it. */
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
  /** 95 % confidence interval of the threshold. */
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
  return { threshold: clampToCosine(threshold), interval, differentNeeded };
}

/**
 * Returns the curve from cosines to probabilities that fits the pairs best (Platt scaling).
 * @throws MetricsError if a kind of pairs is missing, a cosine is not finite, or lengths differ
 */
export function calibrateProbabilities({ cosines, isSame }: ScoredPairs): Calibration {
  const { slope, offset } = plattCalibration(cosines, isSame);
  return { slope, offset };
}

function clampToCosine(threshold: number): number {
  return Math.min(1, Math.max(-1, threshold));
}
