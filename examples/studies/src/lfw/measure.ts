import type { LearnedThreshold } from '@openset/core';
import { accuracyAt, bestAccuracy, bootstrapInterval, tarAtFar } from '@openset/metrics';

/** Pairs with their cosines. */
export interface ScoredPairs {
  readonly cosines: Float64Array;
  readonly isSame: Uint8Array;
  /** The fold of each pair. */
  readonly folds: Int32Array;
}

/** A share with its 95 % confidence interval. */
export interface Share {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** What one run is measured by. */
export interface Measurements {
  /** The threshold from one fold, the accuracy on the other; mean of both ways. */
  readonly accuracy: Share;
  /** Accuracy at the threshold that the loss learned; null for losses that learn none. */
  readonly accuracyAtLearned: Share | null;
  readonly learned: LearnedThreshold | null;
  /** The threshold with the most right answers on all pairs. */
  readonly bestThreshold: number;
  readonly tarAtFar: Share;
}

/** The false accept rate at which true accepts are counted. */
export const far = 1e-2;

/** Measures a run. The confidence intervals resample pairs. */
export function measure(pairs: ScoredPairs, learned: LearnedThreshold | null): Measurements {
  const { cosines, isSame } = pairs;
  return {
    accuracy: interval(pairs, acrossFolds),
    accuracyAtLearned:
      learned && interval(pairs, (drawn) => accuracyAt(drawn.cosines, drawn.isSame, learned.cosine).accuracy),
    learned,
    bestThreshold: bestAccuracy(cosines, isSame).threshold,
    tarAtFar: interval(pairs, (drawn) => tarAtFar(drawn.cosines, drawn.isSame, far).tar),
  };
}

/** For each fold the best threshold of the others, and the accuracy there; mean over the folds. */
export function acrossFolds(pairs: ScoredPairs): number {
  const folds = [...new Set(pairs.folds)];
  const accuracies = folds.map((fold) => {
    const rest = select(pairs, (pair) => pairs.folds[pair] !== fold);
    const own = select(pairs, (pair) => pairs.folds[pair] === fold);
    const { threshold } = bestAccuracy(rest.cosines, rest.isSame);
    return accuracyAt(own.cosines, own.isSame, threshold).accuracy;
  });
  return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / folds.length;
}

/** Bootstrap: each pair is replaced by one of its own fold and kind, so that no resample lacks a kind. */
function interval(pairs: ScoredPairs, statistic: (drawn: ScoredPairs) => number): Share {
  const { isSame, folds } = pairs;
  const strata = isSame.map((kind, pair) => 2 * folds[pair]! + kind);
  const draw = (drawn: Uint32Array) => statistic(pick(pairs, drawn));
  const { estimate, low, high } = bootstrapInterval(draw, isSame.length, { samples: 500, strata });
  return { estimate, low, high };
}

function select(pairs: ScoredPairs, keep: (pair: number) => boolean): ScoredPairs {
  const all = Uint32Array.from(pairs.isSame, (_, pair) => pair);
  return pick(pairs, all.filter(keep));
}

function pick({ cosines, isSame, folds }: ScoredPairs, indices: Uint32Array): ScoredPairs {
  return {
    cosines: Float64Array.from(indices, (pair) => cosines[pair]!),
    isSame: Uint8Array.from(indices, (pair) => isSame[pair]!),
    folds: Int32Array.from(indices, (pair) => folds[pair]!),
  };
}
