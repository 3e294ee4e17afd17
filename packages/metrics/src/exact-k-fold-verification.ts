import { readScore } from './checks.ts';
import { assignFolds, type FoldAccuracies, summariseFolds } from './folds.ts';
import { readPairLabel, type SortedSimilarities } from './sorted-similarities.ts';
import { sweepThresholds, thresholdWithin } from './threshold-interval.ts';

/** Result of k-fold verification with exact thresholds. */
export interface ExactKFoldVerification extends FoldAccuracies {
  /** `[folds]`: similarity at and above which the fold's pairs are accepted. */
  readonly foldThresholds: readonly number[];
}

/**
 * Returns the accuracy of k-fold verification with exact thresholds. The threshold of a fold is that of `bestAccuracy` on
 * the other folds: the best of *all* thresholds, where `kFoldVerification` takes the best of a grid of 400. A pair is
 * accepted iff its similarity `>=` the threshold. Similarities may have any scale.
 *
 * This is LFW's protocol as written ("View 2": Huang, Ramesh, Berg, Learned-Miller, "Labeled Faces in the Wild", 2007): it
 * requires a threshold chosen on the other folds and defines no grid. Use `kFoldVerification` to compare with published
 * numbers of InsightFace. The grid is less accurate if the similarities lie in a small range.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @param options `folds`: number of folds of consecutive pairs, at least 2, default 10; or `[pairs]`, the fold of each pair,
 *   any numbers. Results list such folds in order of first appearance
 * @throws MetricsError if a similarity is NaN or `Infinity`, lengths differ, there are fewer pairs than folds, or fewer than
 *   two folds
 */
export function exactKFoldVerification(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  { folds = 10 }: { folds?: number | ArrayLike<number> } = {},
): ExactKFoldVerification {
  const caller = 'exactKFoldVerification';
  const { foldOf, count } = assignFolds(caller, similarities, isSame, folds);
  const pairs = foldOf.length;
  const values = new Float64Array(pairs);
  const same = new Uint8Array(pairs);
  for (let pair = 0; pair < pairs; pair++) {
    values[pair] = readScore(`${caller}: similarities`, similarities, pair);
    same[pair] = readPairLabel(caller, isSame, pair) ? 1 : 0;
  }

  const foldThresholds: number[] = [];
  for (let fold = 0; fold < count; fold++) {
    const { positives, negatives } = sortOtherFolds(values, same, foldOf, fold);
    foldThresholds.push(thresholdWithin(sweepThresholds(negatives, positives, positives.length).interval));
  }
  const correct = new Array<number>(count).fill(0);
  const sizes = correct.slice();
  for (let pair = 0; pair < pairs; pair++) {
    const fold = foldOf[pair]!;
    sizes[fold]! += 1;
    if (values[pair]! >= foldThresholds[fold]! === (same[pair] === 1)) correct[fold]! += 1;
  }
  const accuracies = correct.map((right, fold) => right / sizes[fold]!);
  return { ...summariseFolds(accuracies), foldThresholds };
}

/** Returns the checked similarities of all folds but one, split by kind, each sorted ascending. */
function sortOtherFolds(
  values: Float64Array,
  same: Uint8Array,
  foldOf: Int32Array,
  fold: number,
): SortedSimilarities {
  // One array filled from both ends, sorted as two views.
  const others = new Float64Array(values.length);
  let positives = 0;
  let negatives = values.length;
  for (let pair = 0; pair < values.length; pair++) {
    if (foldOf[pair] === fold) continue;
    if (same[pair] === 1) others[positives++] = values[pair]!;
    else others[--negatives] = values[pair]!;
  }
  return { positives: others.subarray(0, positives).sort(), negatives: others.subarray(negatives).sort() };
}
