import { sortedSimilarities } from './sorted-similarities.ts';
import { sweepThresholds, type ThresholdInterval, thresholdWithin } from './threshold-interval.ts';

/** The highest accuracy of any threshold, and the thresholds that reach it. */
export interface BestAccuracy {
  /** Share of pairs that are decided correctly, in `[0, 1]`. */
  readonly accuracy: number;
  /** Middle of `thresholdInterval`, or its bound if it is unbounded on one side. */
  readonly threshold: number;
  /** All `low < t <= high` that reach `accuracy`; the widest bounded interval if there are several. */
  readonly thresholdInterval: ThresholdInterval;
}

/**
 * Returns the best verification accuracy over all thresholds (accept iff similarity `>=` threshold). Exact, in
 * `O(pairs · log(pairs))`.
 *
 * The accuracy is optimistic, because the threshold is fitted to the same pairs. Report it as an upper bound; as a
 * result, report `kFoldVerification` or the accuracy at a threshold from other data.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity; one kind alone is allowed
 * @throws MetricsError if there are no pairs, lengths differ, or a similarity is NaN or `Infinity`
 */
export function bestAccuracy(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
): BestAccuracy {
  const { positives, negatives } = sortedSimilarities('bestAccuracy', similarities, isSame);
  // The lowest thresholds accept all pairs. Just above a negative one more pair is correct, above a positive one less.
  const { count, interval } = sweepThresholds(negatives, positives, positives.length);
  return {
    accuracy: count / similarities.length,
    threshold: thresholdWithin(interval),
    thresholdInterval: interval,
  };
}
