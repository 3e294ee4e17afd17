import { sortedSimilaritiesOfBothKinds } from './sorted-similarities.ts';

/**
 * Area under the ROC curve: the chance that a pair of the same identity is more similar than a pair of different
 * identities, a tie counting one half (Mann–Whitney U / (positives · negatives); equal to the trapezoids under the
 * full curve). Counted in whole numbers, so exact up to the last division.
 *
 * @param similarities `[pairs]`, larger is more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 where both images show the same identity
 * @returns a share in `[0, 1]`; 0.5 for similarities that tell nothing
 * @throws MetricsError if lengths differ, a similarity is NaN or `Infinity`, or one of the two kinds of pairs is missing
 */
export function areaUnderCurve(similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>): number {
  const { positives, negatives } = sortedSimilaritiesOfBothKinds('areaUnderCurve', similarities, isSame);
  let below = 0;
  let notAbove = 0;
  // Twice the number of won comparisons: a win adds the negative to both counts, a tie to one.
  let doubledWins = 0;
  for (const positive of positives) {
    while (below < negatives.length && negatives[below]! < positive) below += 1;
    while (notAbove < negatives.length && negatives[notAbove]! <= positive) notAbove += 1;
    doubledWins += below + notAbove;
  }
  return doubledWins / (2 * positives.length * negatives.length);
}
