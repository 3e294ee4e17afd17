import { checkShare } from './checks.ts';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';
import type { ProbeMatches } from './match-probes.ts';
import { MetricsError } from './metrics-error.ts';
import { nextAbove } from './threshold-interval.ts';

/** One operating point of open-set identification. */
export interface IdentificationPoint {
  /** Detection and identification rate: mated probes accepted with the correct identity / mated probes. */
  readonly dir: number;
  /** False accept rate: strangers accepted as anybody / strangers. At most the target. */
  readonly far: number;
  /** Accept the best match iff its score `>=` this; `-Infinity` if the target allows accepting all strangers. */
  readonly threshold: number;
}

/**
 * Returns DIR@FAR: open-set identification at rank 1 (Phillips, Grother, Micheals, "Evaluation methods in face
 * recognition", 2005). It is the measure of IJB-C's 1:N protocol, there called 1 − FNIR at FPIR. A probe is identified as
 * its best match if the score reaches the threshold. The threshold is the lowest that accepts at most a share `far` of
 * the strangers: probes whose identity the gallery lacks.
 *
 * With `n` strangers sorted by their best score in descending order, the threshold is the smallest number above the score
 * with index ⌊far · n⌋. A mated probe whose correct match ties with a wrong one counts as wrong.
 *
 * @param matches from `matchProbes` or `matchProbeEmbeddings`
 * @param far the target, in `[0, 1]`
 * @throws MetricsError if there are no strangers or no mated probes, or the target is not in `[0, 1]`
 */
export function dirAtFar({ bestRight, bestWrong, ranks }: ProbeMatches, far: number): IdentificationPoint {
  checkShare('dirAtFar: far', far);
  const strangers = bestWrong.filter((_, probe) => ranks[probe] === 0).sort();
  const mated = ranks.length - strangers.length;
  if (mated === 0 || strangers.length === 0) {
    throw new MetricsError(
      `dirAtFar needs mated probes and strangers, but found ${mated} and ${strangers.length}: add the missing kind.`,
    );
  }
  const allowed = falseAcceptsAllowed(far, strangers.length);
  const rejected = strangers[strangers.length - 1 - allowed];
  const threshold = rejected === undefined ? Number.NEGATIVE_INFINITY : nextAbove(rejected);
  let found = 0;
  for (let probe = 0; probe < ranks.length; probe++) {
    if (ranks[probe] === 1 && bestRight[probe]! >= threshold) found += 1;
  }
  const accepted = strangers.reduce((count, score) => count + (score >= threshold ? 1 : 0), 0);
  return { dir: found / mated, far: accepted / strangers.length, threshold };
}
