import { checkWhole } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { checkPairs } from './sorted-similarities.ts';

/** Accuracy on folds whose thresholds were chosen on the other folds. */
export interface FoldAccuracies {
  /** Mean of `foldAccuracies`. */
  readonly accuracy: number;
  /** Population standard deviation of `foldAccuracies`: divided by the number of folds, not one less. */
  readonly standardDeviation: number;
  /** `[folds]`: share of the fold's pairs that are decided correctly. */
  readonly foldAccuracies: readonly number[];
}

/**
 * Checks the input of a k-fold procedure and returns where its folds of consecutive pairs start. With
 * `pairs = folds · q + r`, the first `r` folds have `q + 1` pairs and the others `q`.
 *
 * @returns `[folds + 1]`: fold `i` is the pairs `[starts[i], starts[i + 1])`
 * @throws MetricsError if lengths differ, or there are fewer pairs than folds or fewer than two folds
 */
export function foldStarts(
  caller: string,
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  folds: number,
): number[] {
  checkWhole(`${caller}: folds`, folds, 2);
  checkPairs(caller, similarities, isSame);
  const pairs = similarities.length;
  if (pairs < folds) {
    throw new MetricsError(
      `${caller} cannot split ${pairs} pairs into ${folds} folds: give more pairs or fewer folds.`,
    );
  }
  const [size, larger] = [Math.floor(pairs / folds), pairs % folds];
  return Array.from({ length: folds + 1 }, (_, fold) => fold * size + Math.min(fold, larger));
}

/**
 * Checks the input of a k-fold procedure and numbers the folds from 0.
 *
 * @param folds number of folds of consecutive pairs, as for `foldStarts`, or `[pairs]`: the fold of each pair, any numbers
 * @returns `foldOf`: `[pairs]`, numbers in `[0, count)`; given folds are numbered in order of first appearance
 * @throws MetricsError like `foldStarts`
 */
export function assignFolds(
  caller: string,
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  folds: number | ArrayLike<number>,
): { foldOf: Int32Array; count: number } {
  if (typeof folds === 'number') {
    const starts = foldStarts(caller, similarities, isSame, folds);
    const foldOf = new Int32Array(similarities.length);
    for (let fold = 0; fold < folds; fold++) foldOf.fill(fold, starts[fold], starts[fold + 1]);
    return { foldOf, count: folds };
  }
  checkPairs(caller, similarities, isSame);
  const named = { name: `${caller}: folds`, labels: folds, rows: similarities.length };
  const { numbers, count } = numberIdentities(named);
  if (count < 2) {
    throw new MetricsError(`${caller}: all pairs are in one fold, but there must be at least two folds.`);
  }
  return { foldOf: numbers[0]!, count };
}

/** Returns the accuracies of the folds with their mean and standard deviation. */
export function summariseFolds(foldAccuracies: readonly number[]): FoldAccuracies {
  const accuracy = mean(foldAccuracies);
  const standardDeviation = Math.sqrt(mean(foldAccuracies.map((value) => (value - accuracy) ** 2)));
  return { accuracy, standardDeviation, foldAccuracies };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
