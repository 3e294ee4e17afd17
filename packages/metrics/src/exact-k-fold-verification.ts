import { type FoldAccuracies, foldStarts, summarizeFolds } from './folds.ts';
import { isSameAt, sortedSimilarities } from './sorted-similarities.ts';
import { sweepThresholds, thresholdWithin } from './threshold-interval.ts';

/** Accuracy with exact thresholds. */
export interface ExactKFoldVerification extends FoldAccuracies {
  /** `[folds]`: the similarity at and above which the fold's pairs were accepted. */
  readonly foldThresholds: readonly number[];
}

/**
 * K-fold verification with exact thresholds: as `kFoldVerification`, but the threshold of a fold is the best of *all*
 * thresholds on the other folds (that of `bestAccuracy`: the middle of the best interval, of several the widest), not
 * the best of a grid of 400, and a pair is accepted iff its similarity `>=` it. Works on any scale of similarities.
 *
 * This is LFW's protocol as written ("View 2": Huang, Ramesh, Berg, Learned-Miller, "Labeled Faces in the Wild",
 * 2007), which asks for a threshold chosen on the other folds and names no grid. To compare with published numbers of
 * InsightFace take `kFoldVerification`; with similarities crowded into a small range, the grid is the worse of the two.
 *
 * @param similarities `[pairs]`, larger is more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 where both images show the same identity
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
  for (let pair = 0; pair < pairs; pair++) same[pair] = isSameAt(caller, isSame, pair) ? 1 : 0;
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
    let right = 0;
    for (let pair = start; pair < end; pair++) {
      if (values[pair]! >= threshold === (same[pair] === 1)) right += 1;
    }
    foldAccuracies.push(right / (end - start));
    foldThresholds.push(threshold);
  }
  return { ...summarizeFolds(foldAccuracies), foldThresholds };
}

/** The values outside `[start, end)`. */
function without<T extends Float64Array | Uint8Array>(values: T, start: number, end: number): T {
  const rest = values.slice(0, values.length - (end - start)) as T;
  rest.set(values.subarray(end), start);
  return rest;
}
