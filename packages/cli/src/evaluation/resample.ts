import { randomNumbers } from '@openset/core';
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
  const count = isSame.length;
  const same = Uint32Array.from(isSame.keys()).filter((pair) => isSame[pair] === 1);
  const different = Uint32Array.from(isSame.keys()).filter((pair) => isSame[pair] === 0);
  const drawn = {
    cosines: new Float64Array(count),
    isSame: Uint8Array.from({ length: count }, (_, place) => (place < same.length ? 1 : 0)),
    folds: new Int32Array(count),
  };
  const random = randomNumbers(0);
  // The bootstrap's own indices are drawn from all pairs: no remainder of theirs is as likely as all others within a kind.
  const redrawn = () => {
    for (let place = 0; place < count; place++) {
      const kind = place < same.length ? same : different;
      const pair = kind[Math.floor(random() * kind.length)]!;
      drawn.cosines[place] = cosines[pair]!;
      drawn.folds[place] = folds[pair]!;
    }
    return statistic(drawn);
  };
  const { low, high } = bootstrapInterval(redrawn, count, { samples });
  return { estimate: statistic(pairs), low, high };
}
