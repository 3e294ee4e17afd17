import type { LearnedThreshold } from '@openset/core';
import {
  accuracyAt,
  bestAccuracy,
  bootstrapInterval,
  exactKFoldVerification,
  tarAtFar,
} from '@openset/metrics';

/** Pairs with their cosines. */
export interface ScoredPairs {
  readonly cosines: Float64Array;
  readonly isSame: Uint8Array;
  /** Fold of each pair. */
  readonly folds: Int32Array;
}

/** A share with its 95 % confidence interval. */
export interface Share {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Measurements of one run. */
export interface Measurements {
  /** Accuracy on one fold at the best threshold of the other; mean over both folds. */
  readonly accuracy: Share;
  /** Accuracy at the learned threshold; null for losses that learn none. */
  readonly accuracyAtLearned: Share | null;
  readonly learned: LearnedThreshold | null;
  /** Threshold with the highest accuracy on all pairs. */
  readonly bestThreshold: number;
  readonly tarAtFar: Share;
}

/** False accept rate at which the true accept rate is measured. */
export const far = 1e-2;

/** Measures a run. The confidence intervals resample pairs. */
export function measure(pairs: ScoredPairs, learned: LearnedThreshold | null): Measurements {
  const { cosines, isSame } = pairs;
  return {
    accuracy: interval(pairs, crossFoldAccuracy),
    accuracyAtLearned:
      learned && interval(pairs, (drawn) => accuracyAt(drawn.cosines, drawn.isSame, learned.cosine).accuracy),
    learned,
    bestThreshold: bestAccuracy(cosines, isSame).threshold,
    tarAtFar: interval(pairs, (drawn) => tarAtFar(drawn.cosines, drawn.isSame, far).tar),
  };
}

/** Returns the mean over the folds of the accuracy at the best threshold of the other folds. */
export function crossFoldAccuracy({ cosines, isSame, folds }: ScoredPairs): number {
  return exactKFoldVerification(cosines, isSame, { folds }).accuracy;
}

/** Bootstraps within fold and kind of the pairs, so that no resample lacks a kind. */
function interval(pairs: ScoredPairs, statistic: (drawn: ScoredPairs) => number): Share {
  const { isSame, folds } = pairs;
  const strata = isSame.map((kind, pair) => 2 * folds[pair]! + kind);
  const draw = (drawn: Uint32Array) => statistic(pick(pairs, drawn));
  const { estimate, low, high } = bootstrapInterval(draw, isSame.length, { samples: 500, strata });
  return { estimate, low, high };
}

function pick({ cosines, isSame, folds }: ScoredPairs, indices: Uint32Array): ScoredPairs {
  return {
    cosines: Float64Array.from(indices, (pair) => cosines[pair]!),
    isSame: Uint8Array.from(indices, (pair) => isSame[pair]!),
    folds: Int32Array.from(indices, (pair) => folds[pair]!),
  };
}
