import { sortedSimilaritiesOfBothKinds } from './sorted-similarities.ts';

/**
 * Returns the area under the ROC curve: the probability that a pair of the same identity is more similar than a pair of
 * different identities, where a tie counts one half. It is Mann–Whitney U / (positives · negatives), which equals the
 * trapezoidal area under the full curve. All counts are whole numbers, so the result is exact up to the last division.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @returns a share in `[0, 1]`; 0.5 for similarities that do not depend on the identity
 * @throws MetricsError if lengths differ, a similarity is NaN or `Infinity`, or one of the two kinds of pairs is missing
 */
export function areaUnderCurve(similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>): number {
  const { positives, negatives } = sortedSimilaritiesOfBothKinds('areaUnderCurve', similarities, isSame);
  let below = 0;
  let notAbove = 0;
  // Twice the number of wins: a negative below the positive is in both counts, a tie in one.
  let doubledWins = 0;
  for (const positive of positives) {
    while (below < negatives.length && negatives[below]! < positive) below += 1;
    while (notAbove < negatives.length && negatives[notAbove]! <= positive) notAbove += 1;
    doubledWins += below + notAbove;
  }
  return doubledWins / (2 * positives.length * negatives.length);
}
