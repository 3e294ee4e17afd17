import { checkThreshold, scoreAt } from './checks.ts';
import { checkPairs, isSameAt } from './sorted-similarities.ts';

/** What one threshold does to a set of pairs. */
export interface ThresholdAccuracy {
  /** Share of pairs decided rightly, in `[0, 1]`. */
  readonly accuracy: number;
  /** True accept rate: `trueAccepts / (trueAccepts + falseRejects)`; `null` without pairs of the same identity. */
  readonly tar: number | null;
  /** False accept rate: `falseAccepts / (falseAccepts + trueRejects)`; `null` without pairs of different ones. */
  readonly far: number | null;
  /** Pairs of the same identity that were accepted. */
  readonly trueAccepts: number;
  /** Pairs of different identities that were accepted. */
  readonly falseAccepts: number;
  /** Pairs of different identities that were rejected. */
  readonly trueRejects: number;
  /** Pairs of the same identity that were rejected. */
  readonly falseRejects: number;
}

/**
 * Verification at a given threshold, such as the one a loss has learned: a pair is accepted as the same identity
 * iff its similarity `>= threshold` (UniTSFace, arXiv 2311.02523, §3).
 *
 * @param similarities `[pairs]`, larger is more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 where both images show the same identity
 * @param threshold on the scale of the similarities; not NaN. Give a float64: the float32 nearest to 0.3 is
 *   larger than the number 0.3
 * @throws MetricsError if there are no pairs, lengths differ, or a similarity or the threshold is unusable
 */
export function accuracyAt(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  threshold: number,
): ThresholdAccuracy {
  checkPairs('accuracyAt', similarities, isSame);
  checkThreshold('accuracyAt: threshold', threshold);
  let trueAccepts = 0;
  let falseAccepts = 0;
  let same = 0;
  const pairs = similarities.length;
  for (let pair = 0; pair < pairs; pair++) {
    const accepted = scoreAt('accuracyAt: similarities', similarities, pair) >= threshold;
    if (isSameAt('accuracyAt', isSame, pair)) {
      same += 1;
      if (accepted) trueAccepts += 1;
    } else if (accepted) falseAccepts += 1;
  }
  const different = pairs - same;
  const trueRejects = different - falseAccepts;
  return {
    accuracy: (trueAccepts + trueRejects) / pairs,
    tar: same > 0 ? trueAccepts / same : null,
    far: different > 0 ? falseAccepts / different : null,
    trueAccepts,
    falseAccepts,
    trueRejects,
    falseRejects: same - trueAccepts,
  };
}
