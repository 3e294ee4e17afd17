import { bestAccuracy, exactKFoldVerification, type FoldAccuracies } from '@openset/metrics';

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
 * Returns the accuracy on each fold at the best threshold of the other folds: LFW's protocol, for folds of any size. A
 * resample may hold one fold alone; then the threshold comes from that fold.
 */
export function accuracyAcrossFolds({ cosines, isSame, folds }: FoldedPairs): FoldAccuracies {
  if (new Set(folds).size > 1) return exactKFoldVerification(cosines, isSame, { folds });
  const { accuracy } = bestAccuracy(cosines, isSame);
  return { accuracy, standardDeviation: 0, foldAccuracies: [accuracy] };
}
