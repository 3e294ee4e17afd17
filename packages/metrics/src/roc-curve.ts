import { type SortedSimilarities, sortedSimilaritiesOfBothKinds } from './sorted-similarities.ts';

/**
 * A receiver operating characteristic: the share of accepted pairs at each threshold. A pair is accepted iff its
 * similarity `>=` the threshold. Points run from the strictest threshold to the loosest, from (0, 0) to (1, 1); `far` and
 * `tar` never decrease.
 */
export interface RocCurve {
  /** `[points]`, strictly descending: `Infinity` (nothing accepted), then every distinct similarity. */
  readonly thresholds: Float64Array;
  /** `[points]`: false accept rate, accepted pairs of different identities / all pairs of different identities. */
  readonly far: Float64Array;
  /** `[points]`: true accept rate, accepted pairs of the same identity / all pairs of the same identity. */
  readonly tar: Float64Array;
}

/**
 * Returns the full ROC curve, with one point for every distinct similarity.
 *
 * FAR(t) = #negatives with similarity `>= t` / #negatives, and TAR(t) likewise over positives: UniTSFace (arXiv 2311.02523,
 * §3), and FAR and TAR of InsightFace's verification code. Time `O(pairs · log(pairs))`.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @throws MetricsError if lengths differ, a similarity is NaN or `Infinity`, or one of the two kinds of pairs is missing
 */
export function rocCurve(similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>): RocCurve {
  return rocCurveOfSorted(sortedSimilaritiesOfBothKinds('rocCurve', similarities, isSame));
}

/** Returns the curve of similarities that are already split and sorted; both kinds must be present. */
export function rocCurveOfSorted({ positives, negatives }: SortedSimilarities): RocCurve {
  const most = positives.length + negatives.length + 1;
  const thresholds = new Float64Array(most);
  const far = new Float64Array(most);
  const tar = new Float64Array(most);
  thresholds[0] = Number.POSITIVE_INFINITY;
  let points = 1;
  let positive = positives.length;
  let negative = negatives.length;
  while (positive > 0 || negative > 0) {
    const nextPositive = positive > 0 ? positives[positive - 1]! : Number.NEGATIVE_INFINITY;
    const nextNegative = negative > 0 ? negatives[negative - 1]! : Number.NEGATIVE_INFINITY;
    const threshold = Math.max(nextPositive, nextNegative);
    while (positive > 0 && positives[positive - 1] === threshold) positive -= 1;
    while (negative > 0 && negatives[negative - 1] === threshold) negative -= 1;
    thresholds[points] = threshold;
    far[points] = (negatives.length - negative) / negatives.length;
    tar[points] = (positives.length - positive) / positives.length;
    points += 1;
  }
  return {
    thresholds: thresholds.slice(0, points),
    far: far.slice(0, points),
    tar: tar.slice(0, points),
  };
}
