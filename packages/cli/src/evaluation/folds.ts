import { accuracyAt, bestAccuracy } from '@openset/metrics';

/** Pairs with their cosines and folds. */
export interface FoldedPairs {
  readonly cosines: Float64Array;
  readonly isSame: Uint8Array;
  /** The fold of each pair. */
  readonly folds: Int32Array;
}

/** Folds of a set that has none, as LFW has them. */
const usualFolds = 10;

/** The folds of the set; without, ten parts of equal size in the order of the pairs (fewer where there are few pairs). */
export function foldsOf(count: number, folds: Int32Array | null): Int32Array {
  if (folds && new Set(folds).size > 1) return folds;
  const parts = Math.max(2, Math.min(usualFolds, Math.floor(count / 4)));
  return Int32Array.from({ length: count }, (_, pair) => Math.floor((pair * parts) / count));
}

/**
 * For each fold the threshold with the most right answers on the others, and its accuracy there: LFW's protocol, for folds
 * of any size.
 */
export function foldAccuracies(pairs: FoldedPairs): number[] {
  return [...new Set(pairs.folds)].map((fold) => {
    const rest = select(pairs, (own) => own !== fold);
    const own = select(pairs, (other) => other === fold);
    if (rest.isSame.length === 0) return bestAccuracy(own.cosines, own.isSame).accuracy;
    const { threshold } = bestAccuracy(rest.cosines, rest.isSame);
    return accuracyAt(own.cosines, own.isSame, threshold).accuracy;
  });
}

function select({ cosines, isSame, folds }: FoldedPairs, isTaken: (fold: number) => boolean) {
  return {
    cosines: cosines.filter((_, pair) => isTaken(folds[pair]!)),
    isSame: isSame.filter((_, pair) => isTaken(folds[pair]!)),
  };
}
