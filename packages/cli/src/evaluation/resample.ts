import { bootstrapInterval } from '@openset/metrics';
import type { FoldedPairs } from './folds.ts';

/** A number with its 95 % confidence interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Resamples from which an interval is taken. */
const samples = 400;

/**
 * A statistic of pairs with its bootstrap interval. Pairs of the same person and of different ones are drawn apart: each
 * resample has as many of either as the set, as a test has that is made again.
 */
export function intervalOf(pairs: FoldedPairs, statistic: (drawn: FoldedPairs) => number): Interval {
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
