import { bootstrapInterval } from '@openset/metrics';
import type { FoldedPairs } from './folds.ts';

/** An estimate with its 95 % confidence interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Number of bootstrap samples for an interval. */
const samples = 400;

/**
 * Returns a statistic of pairs with its bootstrap interval. Pairs of the same person and pairs of different people are
 * resampled separately, so each sample has as many of either as the set.
 */
export function estimateWithInterval(
  pairs: FoldedPairs,
  statistic: (drawn: FoldedPairs) => number,
): Interval {
  const { cosines, isSame, folds } = pairs;
  const draw = (indices: Uint32Array) =>
    statistic({
      cosines: Float64Array.from(indices, (pair) => cosines[pair]!),
      isSame: Uint8Array.from(indices, (pair) => isSame[pair]!),
      folds: Int32Array.from(indices, (pair) => folds[pair]!),
    });
  const { estimate, low, high } = bootstrapInterval(draw, isSame.length, { samples, strata: isSame });
  return { estimate, low, high };
}
