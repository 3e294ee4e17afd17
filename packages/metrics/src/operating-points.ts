import { checkShare } from './checks.ts';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';
import { MetricsError } from './metrics-error.ts';
import { radixPoints } from './radix-points.ts';
import type { OperatingPointSearch, ScoreStream } from './score-stream.ts';
import { requireBothKinds } from './sorted-similarities.ts';
import { tailPoints } from './tail-points.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/**
 * Returns the conservative operating points of streamed scores. They equal those of `tarAtFar` on all scores.
 *
 * The thresholds depend only on the positives and the highest negatives, and the numbers of both are known. If they fit
 * into `memory` scores, one pass keeps them. Otherwise two passes count: the first fills a histogram that bounds each
 * threshold, the second finds the exact score within the bin.
 *
 * @param memory largest number of scores to keep
 * @throws MetricsError if a kind of pairs is missing, there is no target, a target is not in `[0, 1]`, or a score is not a
 *   cosine
 */
export function operatingPoints(
  stream: ScoreStream,
  fars: readonly number[],
  memory: number,
): OperatingPoint[] {
  const { caller, positives, negatives } = stream;
  for (const far of fars) checkShare(`${caller}: far`, far);
  requireBothKinds(caller, positives, negatives);
  if (fars.length === 0) throw new MetricsError(`${caller}: fars is empty: give at least one target.`);
  const search: OperatingPointSearch = {
    ...stream,
    allowed: fars.map((far) => falseAcceptsAllowed(far, negatives)),
  };
  // The tail has room for twice as many, so that it is seldom trimmed.
  const needed = positives + 2 * (Math.max(...search.allowed) + 1);
  return needed <= memory ? tailPoints(search) : radixPoints(search);
}
