import { checkShare } from './checks.ts';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';
import { MetricsError } from './metrics-error.ts';
import { radixPoints } from './radix-points.ts';
import { tailPoints } from './tail-points.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/** One pass over all pairs. */
export interface PassVisitor {
  /**
   * Takes consecutive scores, `scores[start]` … `scores[end - 1]`. A score is of the same identity where the number in
   * `identities`, from `firstIdentity` on, is `identity`.
   */
  visit(
    scores: Float32Array,
    start: number,
    end: number,
    identities: Int32Array,
    firstIdentity: number,
    identity: number,
  ): void;
}

/** All pairs, to be gone through once or twice. */
export interface ScoreStream {
  readonly caller: string;
  /** How many pairs of the same identity there are. */
  readonly positives: number;
  /** How many pairs of different identities there are. */
  readonly negatives: number;
  /** Sends every pair to the visitor, in any order. */
  readonly scan: (visitor: PassVisitor) => void;
}

/** What a selection is asked for: the most false accepts of each operating point. */
export interface Selection extends ScoreStream {
  /** The `k` of each point: whole numbers in `[0, negatives]`. */
  readonly allowed: readonly number[];
}

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
  if (positives === 0 || negatives === 0) {
    throw new MetricsError(
      `${caller} needs pairs of the same identity and pairs of different ones, but found ${positives} and ` +
        `${negatives}: add the missing kind.`,
    );
  }
  if (fars.length === 0) throw new MetricsError(`${caller}: fars is empty: give at least one target.`);
  const selection = { ...stream, allowed: fars.map((far) => falseAcceptsAllowed(far, negatives)) };
  // The tail has room for as many again, so that it is seldom cut back.
  const needed = positives + 2 * (Math.max(...selection.allowed) + 1);
  return needed <= memory ? tailPoints(selection) : radixPoints(selection);
}
