import { checkWhole } from './checks.ts';
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

/** Returns the accuracies of the folds with their mean and standard deviation. */
export function summariseFolds(foldAccuracies: readonly number[]): FoldAccuracies {
  const accuracy = mean(foldAccuracies);
  const standardDeviation = Math.sqrt(mean(foldAccuracies.map((value) => (value - accuracy) ** 2)));
  return { accuracy, standardDeviation, foldAccuracies };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
