import { accuracyAt, type ThresholdAccuracy } from './accuracy-at.ts';
import { bestAccuracy } from './best-accuracy.ts';
import type { ThresholdInterval } from './threshold-interval.ts';

/** A threshold beside the best one on the same pairs. */
export interface ThresholdComparison {
  /** What the threshold does. */
  readonly given: ThresholdAccuracy & { readonly threshold: number };
  /** What the best threshold in hindsight does. */
  readonly best: ThresholdAccuracy & { readonly threshold: number };
  /** Best accuracy − accuracy at the threshold, never below 0. */
  readonly accuracyLost: number;
  /** All `low < t <= high` that reach the best accuracy (the widest bounded interval where there are several). */
  readonly bestInterval: ThresholdInterval;
}

/**
 * Compares a threshold, such as the one a unified-threshold loss has learned (`b / scale` of UniTSFace, arXiv 2311.02523,
 * or UniFace), with the best one on these pairs: how much accuracy is lost by not knowing them, and FAR and TAR at both.
 *
 * @param similarities `[pairs]`, larger is more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 where both images show the same identity
 * @param threshold on the scale of the similarities; not NaN
 * @throws MetricsError if there are no pairs, lengths differ, or a similarity or the threshold is unusable
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
