import { mean } from '../numbers.ts';
import type { LossRun } from './results.ts';

/** The loss that all others are compared with. */
export const reference = 'cosface';

/** Runs of one loss, and what they gain over the reference with the same seed. */
export interface LossRuns {
  readonly loss: string;
  readonly runs: readonly LossRun[];
  /** Accuracy at the calibrated threshold minus that of the reference with the same seed, in points; one number for each seed. */
  readonly gains: readonly number[];
}

/** Groups the runs from one start by loss, in their order. */
export function groupByLoss(runs: readonly LossRun[]): LossRuns[] {
  return [...new Set(runs.map(({ loss }) => loss))].map((loss) => {
    const own = runs.filter((run) => run.loss === loss);
    return { loss, runs: own, gains: own.flatMap((run) => gain(run, runs)) };
  });
}

function gain({ seed, measured }: LossRun, runs: readonly LossRun[]): number[] {
  const other = runs.find((run) => run.loss === reference && run.seed === seed)?.measured;
  if (!measured || !other) return [];
  return [100 * (measured.calibrated.accuracy.estimate - other.calibrated.accuracy.estimate)];
}

/** Returns the rank correlation (Spearman's ρ) of two lists; equal values share their mean rank. */
export function rankCorrelation(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [ranks(first), ranks(second)];
  const middle = (first.length - 1) / 2;
  const products = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, rank, index) => sum + (rank - middle) * (y[index]! - middle), 0);
  return products(a, b) / Math.sqrt(products(a, a) * products(b, b));
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) =>
    mean([
      values.filter((other) => other < value).length,
      values.filter((other) => other <= value).length - 1,
    ]),
  );
}
