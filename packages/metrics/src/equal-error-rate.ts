import { rocCurveOfSorted } from './roc-curve.ts';
import { sortedSimilaritiesOfBothKinds } from './sorted-similarities.ts';

/** The point of a ROC curve where false accepts and false rejects are equally frequent. */
export interface EqualErrorRate {
  /** Mean of the two error rates at the threshold, in `[0, 1]`. */
  readonly rate: number;
  /** Accept iff similarity `>=` this. */
  readonly threshold: number;
}

/**
 * Returns the equal error rate: the mean of the false reject rate (1 − TAR) and the false accept rate at the point of the
 * full ROC curve where the two are nearest. If two points are equally near, the stricter one wins. There is no
 * interpolation: the threshold is one of the similarities.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @throws MetricsError if lengths differ, a similarity is NaN or `Infinity`, or one of the two kinds of pairs is missing
 */
export function equalErrorRate(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
): EqualErrorRate {
  const sorted = sortedSimilaritiesOfBothKinds('equalErrorRate', similarities, isSame);
  const { thresholds, far, tar } = rocCurveOfSorted(sorted);
  const positives = sorted.positives.length;
  const negatives = sorted.negatives.length;
  let best = 0;
  let smallest = Number.POSITIVE_INFINITY;
  // From 1: the curve's first point accepts nothing. Its threshold is no similarity, and it is never strictly the nearest.
  for (let point = 1; point < thresholds.length; point++) {
    // Compare counts over a common denominator: rounded rates would break ties arbitrarily.
    const falseAccepts = Math.round(far[point]! * negatives);
    const falseRejects = positives - Math.round(tar[point]! * positives);
    const difference = Math.abs(falseAccepts * positives - falseRejects * negatives);
    if (difference < smallest) {
      smallest = difference;
      best = point;
    }
  }
  return { rate: (1 - tar[best]! + far[best]!) / 2, threshold: thresholds[best]! };
}
