import { type FoldAccuracies, foldStarts, summariseFolds } from './folds.ts';
import { readPairLabel, sortedSimilarities } from './sorted-similarities.ts';
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
 * @param options `folds`: at least 2, default 10
 * @throws MetricsError if a similarity is NaN or `Infinity`, lengths differ, or there are fewer pairs than folds
 */
export function exactKFoldVerification(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  { folds = 10 }: { folds?: number } = {},
): ExactKFoldVerification {
  const caller = 'exactKFoldVerification';
  const starts = foldStarts(caller, similarities, isSame, folds);
  const pairs = similarities.length;
  const same = new Uint8Array(pairs);
  for (let pair = 0; pair < pairs; pair++) same[pair] = readPairLabel(caller, isSame, pair) ? 1 : 0;
  const values = Float64Array.from(similarities);

  const foldAccuracies: number[] = [];
  const foldThresholds: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const [start, end] = [starts[fold]!, starts[fold + 1]!];
    const { positives, negatives } = sortedSimilarities(
      caller,
      without(values, start, end),
      without(same, start, end),
    );
    const threshold = thresholdWithin(sweepThresholds(negatives, positives, positives.length).interval);
    let correct = 0;
    for (let pair = start; pair < end; pair++) {
      if (values[pair]! >= threshold === (same[pair] === 1)) correct += 1;
    }
    foldAccuracies.push(correct / (end - start));
    foldThresholds.push(threshold);
  }
  return { ...summariseFolds(foldAccuracies), foldThresholds };
}

/** Returns the values outside `[start, end)`. */
function without<T extends Float64Array | Uint8Array>(values: T, start: number, end: number): T {
  const rest = values.slice(0, values.length - (end - start)) as T;
  rest.set(values.subarray(end), start);
  return rest;
}
