import { sortedSimilarities } from './sorted-similarities.ts';
import { sweepThresholds, type ThresholdInterval, thresholdWithin } from './threshold-interval.ts';

/** The highest accuracy any threshold reaches, and the thresholds that reach it. */
export interface BestAccuracy {
  /** Share of pairs decided rightly, in `[0, 1]`. */
  readonly accuracy: number;
  /** The middle of `thresholdInterval`; where it is unbounded on one side, the threshold at its bound. */
  readonly threshold: number;
  /** All `low < t <= high` that reach `accuracy`: the widest bounded interval where there are several. */
  readonly thresholdInterval: ThresholdInterval;
}

/**
 * The best verification accuracy over all thresholds, exactly (accept iff similarity `>=` threshold), in
 * `O(pairs · log(pairs))`.
 *
 * The threshold is fitted to the very pairs it is measured on, so the accuracy flatters: report it as a bound, and
 * take `kFoldVerification` or a threshold from other data as the result.
 *
 * @param similarities `[pairs]`, larger is more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 where both images show the same identity; one kind alone is allowed
 * @throws MetricsError if there are no pairs, lengths differ, or a similarity is NaN or `Infinity`
 */
export function bestAccuracy(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
): BestAccuracy {
  const { positives, negatives } = sortedSimilarities('bestAccuracy', similarities, isSame);
  // The lowest thresholds accept all pairs; just above a negative one more pair is right, above a positive one less.
  const { count, interval } = sweepThresholds(negatives, positives, positives.length);
  return {
    accuracy: count / similarities.length,
    threshold: thresholdWithin(interval),
    thresholdInterval: interval,
  };
}
