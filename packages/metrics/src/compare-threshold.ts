import { accuracyAt, type ThresholdAccuracy } from './accuracy-at.ts';
import { bestAccuracy } from './best-accuracy.ts';
import type { ThresholdInterval } from './threshold-interval.ts';

/** A threshold compared with the best one on the same pairs. */
export interface ThresholdComparison {
  /** Decisions at the given threshold. */
  readonly given: ThresholdAccuracy & { readonly threshold: number };
  /** Decisions at the best threshold in hindsight. */
  readonly best: ThresholdAccuracy & { readonly threshold: number };
  /** Best accuracy − accuracy at the given threshold; never negative. */
  readonly accuracyLost: number;
  /** All `low < t <= high` that reach the best accuracy; the widest bounded interval if there are several. */
  readonly bestInterval: ThresholdInterval;
}

/**
 * Compares a threshold with the best one on these pairs: the accuracy it loses, and FAR and TAR at both. The threshold may
 * be one learned in training, `b / scale` of UniTSFace (arXiv 2311.02523) or UniFace.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @param threshold on the scale of the similarities; not NaN
 * @throws MetricsError if there are no pairs, lengths differ, or a similarity or the threshold is invalid
 */
export function compareThreshold(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  threshold: number,
): ThresholdComparison {
  const given = { ...accuracyAt(similarities, isSame, threshold), threshold };
  const { threshold: bestThreshold, thresholdInterval } = bestAccuracy(similarities, isSame);
  const best = { ...accuracyAt(similarities, isSame, bestThreshold), threshold: bestThreshold };
  return {
    given,
    best,
    accuracyLost: best.accuracy - given.accuracy,
    bestInterval: thresholdInterval,
  };
}
