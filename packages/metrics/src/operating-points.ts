import { checkShare } from './checks.ts';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';
import { MetricsError } from './metrics-error.ts';
import { radixPoints } from './radix-points.ts';
import type { OperatingPointSearch, ScoreStream } from './score-stream.ts';
import { requireBothKinds } from './sorted-similarities.ts';
import { tailPoints } from './tail-points.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/**
 * The conservative operating points of streamed scores, exactly those of `tarAtFar` on all of them together.
 *
 * The thresholds depend on the highest negatives alone, and their number is known beforehand: where these and the
 * positives fit into `memory` scores, one pass keeps them. Otherwise two passes count instead: a histogram that bounds
 * each threshold, then the exact place within the bin.
 *
 * @param memory the most scores to keep
 * @throws MetricsError if a kind of pairs is missing, a target is not in `[0, 1]` or there is none, or a score is no cosine
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
  // The tail has room for as many again, so that it is seldom cut back.
  const needed = positives + 2 * (Math.max(...search.allowed) + 1);
  return needed <= memory ? tailPoints(search) : radixPoints(search);
}
