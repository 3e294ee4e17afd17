import { scoreAt } from './checks.ts';
import { type FoldAccuracies, foldStarts, summarizeFolds } from './folds.ts';
import { MetricsError } from './metrics-error.ts';
import { isSameAt } from './sorted-similarities.ts';

/** The grid of squared distances 0, 0.01, … 3.99. */
const gridSize = 400;
const gridStep = 0.01;

/** Accuracy by InsightFace's procedure; `accuracy` is the number reported for LFW, CFP-FP and AgeDB-30. */
export interface KFoldVerification extends FoldAccuracies {
  /** `[folds]`: the squared distance below which the fold's pairs were accepted; as a cosine, `1 - d / 2`. */
  readonly foldThresholds: readonly number[];
}

/**
 * The verification accuracy of LFW, CFP-FP and AgeDB-30 by InsightFace's procedure (`verification.py`, function
 * `calculate_roc`): folds of consecutive pairs in file order, without shuffling; for each fold the threshold with
 * the highest accuracy on the others, from the squared distances 0, 0.01, … 3.99, the first of equals; a pair is
 * accepted iff its squared distance is `<` that threshold.
 *
 * The squared distance of two unit vectors is `d = 2 - 2 cos`, so cosines are all it needs. The number of folds
 * need not divide the number of pairs: the first folds then have one more. Order matters: a file sorted into same
 * pairs and different pairs tests each fold with the other kind's threshold (`samplePairs` alternates them).
 * `exactKFoldVerification` is the same without the grid.
 *
 * @param similarities `[pairs]`: cosines, in `[-1, 1]` (1e-6 of rounding is forgiven)
 * @param isSame `[pairs]`: true or 1 where both images show the same identity
 * @param options `folds`: at least 2, default 10
 * @throws MetricsError if a similarity is no cosine, lengths differ, or there are fewer pairs than folds
 */
export function kFoldVerification(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  { folds = 10 }: { folds?: number } = {},
): KFoldVerification {
  const starts = foldStarts('kFoldVerification', similarities, isSame, folds);
  const rightOfFold = starts.slice(0, folds).map((start, fold) => {
    return rightAtEachThreshold(similarities, isSame, start, starts[fold + 1]!);
  });
  const rightOfAll = new Int32Array(gridSize);
  for (const right of rightOfFold) {
    for (let step = 0; step < gridSize; step++) rightOfAll[step]! += right[step]!;
  }

  const foldAccuracies: number[] = [];
  const foldThresholds: number[] = [];
  rightOfFold.forEach((right, fold) => {
    let best = 0;
    for (let step = 1; step < gridSize; step++) {
      // Strictly: the first maximum wins.
      if (rightOfAll[step]! - right[step]! > rightOfAll[best]! - right[best]!) best = step;
    }
    foldAccuracies.push(right[best]! / (starts[fold + 1]! - starts[fold]!));
    foldThresholds.push(best * gridStep);
  });
  return { ...summarizeFolds(foldAccuracies), foldThresholds };
}

/** For each threshold of the grid, how many of the pairs `[start, end)` it decides rightly. */
function rightAtEachThreshold(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  start: number,
  end: number,
): Int32Array {
  // First as changes: a pair's decision turns once, at the first threshold above its squared distance.
  const right = new Int32Array(gridSize + 1);
  for (let pair = start; pair < end; pair++) {
    const cosine = scoreAt('kFoldVerification: similarities', similarities, pair);
    if (Math.abs(cosine) > 1 + 1e-6) {
      throw new MetricsError(
        `kFoldVerification: similarities[${pair}] is ${cosine}, but must be a cosine, in [-1, 1]: its thresholds ` +
          'are distances of unit vectors (cosineSimilarities makes cosines of embeddings).',
      );
    }
    const same = isSameAt('kFoldVerification', isSame, pair);
    if (!same) right[0]! += 1;
    right[firstStepAbove(2 - 2 * cosine)]! += same ? 1 : -1;
  }
  for (let step = 1; step < gridSize; step++) right[step]! += right[step - 1]!;
  return right.subarray(0, gridSize);
}

/** The first step of the grid above a squared distance; `gridSize` if none is. */
function firstStepAbove(squaredDistance: number): number {
  let step = Math.min(Math.max(Math.floor(squaredDistance / gridStep), 0), gridSize);
  // The division rounds: settle the step by the comparison that the procedure makes.
  while (step > 0 && squaredDistance < (step - 1) * gridStep) step -= 1;
  while (step < gridSize && !(squaredDistance < step * gridStep)) step += 1;
  return step;
}
