import { bestAccuracy, exactKFoldVerification, type FoldAccuracies } from '@openset/metrics';

/** Pairs with cosines, labels and folds. */
export interface FoldedPairs {
  readonly cosines: Float64Array;
  readonly isSame: Uint8Array;
  /** Fold of each pair. */
  readonly folds: Int32Array;
}

/** Number of folds for a set without folds, as in LFW. */
const defaultFolds = 10;

/** Returns the folds of the set, or ten consecutive parts of equal size (fewer for few pairs). */
export function assignFolds(count: number, folds: Int32Array | null): Int32Array {
  if (folds && new Set(folds).size > 1) return folds;
  const parts = Math.max(2, Math.min(defaultFolds, Math.floor(count / 4)));
  return Int32Array.from({ length: count }, (_, pair) => Math.floor((pair * parts) / count));
}

/**
 * Returns the accuracy on each fold at the best threshold of the other folds: LFW's protocol, for folds of any size. If all
 * pairs are in one fold, as in some bootstrap samples, the threshold comes from that fold.
 */
export function accuracyAcrossFolds({ cosines, isSame, folds }: FoldedPairs): FoldAccuracies {
  if (new Set(folds).size > 1) return exactKFoldVerification(cosines, isSame, { folds });
  const { accuracy } = bestAccuracy(cosines, isSame);
  return { accuracy, standardDeviation: 0, foldAccuracies: [accuracy] };
}
