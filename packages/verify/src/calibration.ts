import { type LogisticCurve, plattCalibration } from '@openset/metrics';

/**
 * Curve that maps a cosine to the probability of "same": the share of pairs of the same identity among pairs with this
 * cosine, if both kinds are equally frequent. It does not depend on the threshold. A
 * threshold for a low false accept rate, or one learned in training, may reject pairs with a probability above one half.
 */
export type Calibration = LogisticCurve;

/** Cosines of pairs, whether each pair shows one identity, and which identities these are. */
export interface ScoredPairs {
  /** `[pairs]` */
  readonly cosines: ArrayLike<number>;
  /** `[pairs]`: true or 1 if both images show the same identity. */
  readonly isSame: ArrayLike<boolean | number>;
  /** `[pairs, 2]` row-major: the identity on each image, any numbers; null or missing if unknown. */
  readonly people?: ArrayLike<number> | null;
}

/**
 * Returns the curve from cosines to probabilities that fits the pairs best (Platt scaling). Each kind of pairs has half of
 * the weight, so the curve is that of as many pairs of the same identity as of different ones, whatever their counts.
 * @returns null if that curve is no calibration (see `usableCalibration`): the model is no better than chance on the pairs, or
 *   there are too few of them
 * @throws MetricsError if a kind of pairs is missing, a cosine is not finite, or lengths differ
 */
export function calibrateProbabilities({ cosines, isSame }: ScoredPairs): Calibration | null {
  return usableCalibration(plattCalibration(cosines, isSame, { balanced: true }));
}

/**
 * Returns a curve that is a calibration, otherwise null. Its probability must rise with the cosine, and be at least one half
 * for equal images, whose cosine is 1.
 */
export function usableCalibration({ slope, offset }: LogisticCurve): Calibration | null {
  // The probability is 1 / (1 + exp(slope · cosine + offset)).
  return slope < 0 && slope + offset <= 0 ? { slope, offset } : null;
}
