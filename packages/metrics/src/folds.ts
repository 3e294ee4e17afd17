import { checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { checkPairs } from './sorted-similarities.ts';

/**
 * Checks the input of a k-fold procedure and says where its folds of consecutive pairs start: of
 * `pairs = folds · q + r`, the first `r` folds have `q + 1` pairs.
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

/** Mean and population standard deviation. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const average = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const mean = average(values);
  return { mean, deviation: Math.sqrt(average(values.map((value) => (value - mean) ** 2))) };
}
