import { checkThreshold, readScore } from './checks.ts';
import { checkPairs, readPairLabel } from './sorted-similarities.ts';

/** Decisions on a set of pairs at one threshold. */
export interface ThresholdAccuracy {
  /** Share of pairs that are decided correctly, in `[0, 1]`. */
  readonly accuracy: number;
  /** True accept rate: `trueAccepts / (trueAccepts + falseRejects)`; `null` without pairs of the same identity. */
  readonly tar: number | null;
  /** False accept rate: `falseAccepts / (falseAccepts + trueRejects)`; `null` without pairs of different ones. */
  readonly far: number | null;
  /** Number of accepted pairs of the same identity. */
  readonly trueAccepts: number;
  /** Number of accepted pairs of different identities. */
  readonly falseAccepts: number;
  /** Number of rejected pairs of different identities. */
  readonly trueRejects: number;
  /** Number of rejected pairs of the same identity. */
  readonly falseRejects: number;
}

/**
 * Returns the accuracy and the error counts at a threshold, such as one learned in training. A pair is accepted as the
 * same identity iff its similarity `>= threshold` (UniTSFace, arXiv 2311.02523, §3).
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @param threshold on the scale of the similarities; not NaN. Pass a float64: the float32 nearest to 0.3 is larger
 *   than 0.3
 * @throws MetricsError if there are no pairs, lengths differ, or a similarity or the threshold is invalid
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
    const accepted = readScore('accuracyAt: similarities', similarities, pair) >= threshold;
    if (readPairLabel('accuracyAt', isSame, pair)) {
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
