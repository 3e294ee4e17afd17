import { readScore } from './checks.ts';
import { type FoldAccuracies, foldStarts, summariseFolds } from './folds.ts';
import { MetricsError } from './metrics-error.ts';
import { readPairLabel } from './sorted-similarities.ts';

/** The grid of squared distances 0, 0.01, … 3.99. */
const gridSize = 400;
const gridStep = 0.01;

/** Result of InsightFace's procedure; `accuracy` is the number that papers report for LFW, CFP-FP and AgeDB-30. */
export interface KFoldVerification extends FoldAccuracies {
  /** `[folds]`: squared distance `d` below which the fold's pairs are accepted; as a cosine, `1 - d / 2`. */
  readonly foldThresholds: readonly number[];
}

/**
 * Returns the verification accuracy of LFW, CFP-FP and AgeDB-30 by InsightFace's procedure (`verification.py`, function
 * `calculate_roc`). Folds are consecutive pairs in file order, without shuffling. The threshold of a fold is the one of the
 * squared distances 0, 0.01, … 3.99 with the highest accuracy on the other folds, the first of equals. A pair is accepted
 * iff its squared distance is `<` the threshold.
 *
 * The squared distance of two unit vectors is `d = 2 - 2 cos`, so cosines suffice. If the number of folds does not divide
 * the number of pairs, the first folds have one more. The order of pairs matters: if all same pairs come before all
 * different pairs, most folds hold one kind alone. `samplePairs` alternates the kinds. `exactKFoldVerification` needs no
 * grid.
 *
 * @param similarities `[pairs]`: cosines, in `[-1, 1]` up to 1e-6 of rounding
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @param options `folds`: at least 2, default 10
 * @throws MetricsError if a similarity is not a cosine, lengths differ, or there are fewer pairs than folds
 */
export function kFoldVerification(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  { folds = 10 }: { folds?: number } = {},
): KFoldVerification {
  const starts = foldStarts('kFoldVerification', similarities, isSame, folds);
  const correctOfFold = starts.slice(0, folds).map((start, fold) => {
    return countCorrect(similarities, isSame, start, starts[fold + 1]!);
  });
  const correctOfAll = new Int32Array(gridSize);
  for (const correct of correctOfFold) {
    for (let step = 0; step < gridSize; step++) correctOfAll[step]! += correct[step]!;
  }

  const foldAccuracies: number[] = [];
  const foldThresholds: number[] = [];
  correctOfFold.forEach((correct, fold) => {
    let best = 0;
    for (let step = 1; step < gridSize; step++) {
      // Strictly: the first maximum wins.
      if (correctOfAll[step]! - correct[step]! > correctOfAll[best]! - correct[best]!) best = step;
    }
    foldAccuracies.push(correct[best]! / (starts[fold + 1]! - starts[fold]!));
    foldThresholds.push(best * gridStep);
  });
  return { ...summariseFolds(foldAccuracies), foldThresholds };
}

/** Returns, for each threshold of the grid, how many of the pairs `[start, end)` it decides correctly. */
function countCorrect(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  start: number,
  end: number,
): Int32Array {
  // First as differences: a pair's decision changes once, at the first threshold above its squared distance.
  const correct = new Int32Array(gridSize + 1);
  for (let pair = start; pair < end; pair++) {
    const cosine = readScore('kFoldVerification: similarities', similarities, pair);
    if (Math.abs(cosine) > 1 + 1e-6) {
      throw new MetricsError(
        `kFoldVerification: similarities[${pair}] is ${cosine}, but must be a cosine, in [-1, 1], because its ` +
          'thresholds are distances of unit vectors. Compute cosines with cosineSimilarities.',
      );
    }
    const same = readPairLabel('kFoldVerification', isSame, pair);
    if (!same) correct[0]! += 1;
    correct[firstStepAbove(2 - 2 * cosine)]! += same ? 1 : -1;
  }
  for (let step = 1; step < gridSize; step++) correct[step]! += correct[step - 1]!;
  return correct.subarray(0, gridSize);
}

/** Returns the first step of the grid above a squared distance; `gridSize` if there is none. */
function firstStepAbove(squaredDistance: number): number {
  let step = Math.min(Math.max(Math.floor(squaredDistance / gridStep), 0), gridSize);
  // The division rounds: correct the step by the comparison that the procedure makes.
  while (step > 0 && squaredDistance < (step - 1) * gridStep) step -= 1;
  while (step < gridSize && !(squaredDistance < step * gridStep)) step += 1;
  return step;
}
