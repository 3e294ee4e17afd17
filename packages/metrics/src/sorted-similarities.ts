import { checkNotEmpty, checkSameLength, readScore } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/** The similarities of a set of pairs, split by kind, each sorted ascending. */
export interface SortedSimilarities {
  /** Similarities of pairs of the same identity. */
  readonly positives: Float64Array;
  /** Similarities of pairs of different identities. */
  readonly negatives: Float64Array;
}

/**
 * Returns whether a pair is of the same identity.
 * @throws MetricsError if the entry is not a boolean, 0 or 1, so that a label of -1 does not count as "same"
 */
export function readPairLabel(caller: string, isSame: ArrayLike<boolean | number>, index: number): boolean {
  const value = isSame[index];
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw new MetricsError(
    `${caller}: isSame[${index}] is ${String(value)}, but must be true or 1 for a pair of the same identity, ` +
      'false or 0 for a pair of different ones.',
  );
}

/**
 * Checks the input that all verification metrics share.
 * @throws MetricsError if there are no pairs or the lengths differ
 */
export function checkPairs(
  caller: string,
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
): void {
  checkNotEmpty(`${caller}: similarities`, similarities);
  checkNotEmpty(`${caller}: isSame`, isSame);
  const count = `the number of similarities (${similarities.length})`;
  checkSameLength(`${caller}: isSame`, isSame.length, count, similarities.length);
}

/**
 * Splits similarities into those of the same and of different identities and sorts both. Every verification metric is then
 * a merge of two sorted lists.
 *
 * @throws MetricsError if there are no pairs, lengths differ, a similarity is NaN or `Infinity`, or an entry of `isSame` is
 *   invalid
 */
export function sortedSimilarities(
  caller: string,
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
): SortedSimilarities {
  checkPairs(caller, similarities, isSame);
  const pairs = similarities.length;
  const similaritiesName = `${caller}: similarities`;
  // One array filled from both ends, sorted as two views.
  const all = new Float64Array(pairs);
  let positiveCount = 0;
  let negativeCount = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const similarity = readScore(similaritiesName, similarities, pair);
    if (readPairLabel(caller, isSame, pair)) all[positiveCount++] = similarity;
    else all[pairs - ++negativeCount] = similarity;
  }
  return {
    positives: all.subarray(0, positiveCount).sort(),
    negatives: all.subarray(positiveCount).sort(),
  };
}

/**
 * Like `sortedSimilarities`, for metrics that divide by the number of pairs of each kind.
 * @throws MetricsError like `sortedSimilarities`, or if one of the two kinds is missing
 */
export function sortedSimilaritiesOfBothKinds(
  caller: string,
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
): SortedSimilarities {
  const sorted = sortedSimilarities(caller, similarities, isSame);
  const { positives, negatives } = sorted;
  requireBothKinds(caller, positives.length, negatives.length);
  return sorted;
}

/**
 * Checks that there are pairs of both kinds.
 * @throws MetricsError if a kind is missing; the message states both counts
 */
export function requireBothKinds(caller: string, positives: number, negatives: number): void {
  if (positives > 0 && negatives > 0) return;
  throw new MetricsError(
    `${caller} needs pairs of the same identity and pairs of different ones, but found ${positives} and ` +
      `${negatives}: add the missing kind.`,
  );
}
