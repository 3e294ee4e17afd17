import { rocCurve } from './roc-curve.ts';

/**
 * A detection error trade-off curve: both error rates at each threshold. A pair is accepted iff its similarity `>=` the
 * threshold. Points run from the strictest threshold to the loosest.
 */
export interface DetCurve {
  /** `[points]`, strictly descending: `Infinity` (nothing accepted), then every distinct similarity. */
  readonly thresholds: Float64Array;
  /** `[points]`: false accept rate, rising from 0 to 1. */
  readonly far: Float64Array;
  /** `[points]`: false negative rate (false reject rate, 1 − TAR), falling from 1 to 0. */
  readonly fnr: Float64Array;
}

/**
 * Returns the full DET curve: false negative rate over false accept rate, with a point for every distinct similarity.
 * Axes scaled by `normalDeviate` spread out the small rates that matter (Martin et al., "The DET curve in assessment of
 * detection task performance", Eurospeech 1997).
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @throws MetricsError if lengths differ, a similarity is NaN or `Infinity`, or one of the two kinds of pairs is missing
 */
export function detCurve(similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>): DetCurve {
  const { thresholds, far, tar } = rocCurve(similarities, isSame);
  return { thresholds, far, fnr: tar.map((rate) => 1 - rate) };
}
