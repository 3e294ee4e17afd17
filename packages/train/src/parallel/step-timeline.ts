import type { Ranks } from '@openset/core';
import type { StepTiming } from '../training/step-clock.ts';
import { gatherResults } from './agree.ts';

/** A part of a step, and when it ran: from `start` to `end`. */
export interface TimedPart {
  /** A phase of `StepTiming`, or the exchange of a bucket of gradients, which runs beside them. */
  readonly part: keyof StepTiming | 'bucket';
  readonly start: number;
  readonly end: number;
}

/** What the ranks did in a step. */
export interface StepTimeline {
  /** Parts of the step of each rank, by rank, in seconds since the first of them began. */
  readonly ranks: readonly (readonly TimedPart[])[];
  /** Share of the time in which buckets travelled that the ranks spent on other work than waiting, 0 to 1; null without buckets. */
  readonly hiddenShare: number | null;
}

/**
 * Returns the timeline of a step on all ranks. Clocks of different machines are aligned at the first exchange, which all ranks leave together.
 * @param parts of this rank, in milliseconds of its clock
 */
export async function gatherTimeline(ranks: Ranks, parts: readonly TimedPart[]): Promise<StepTimeline> {
  const origin = parts.find(({ part }) => part === 'exchange')?.end ?? 0;
  const own = parts.map(({ part, start, end }) => ({
    part,
    start: (start - origin) / 1000,
    end: (end - origin) / 1000,
  }));
  const all = await gatherResults(ranks, () => own);
  const first = Math.min(...all.flat().map(({ start }) => start));
  const round = (seconds: number) => Math.round(1e6 * (seconds - first)) / 1e6;
  return {
    ranks: all.map((each) =>
      each.map(({ part, start, end }) => ({ part, start: round(start), end: round(end) })),
    ),
    hiddenShare: hiddenShare(all),
  };
}

/** Returns the share of the buckets' time in which their rank did not wait. */
export function hiddenShare(ranks: readonly (readonly TimedPart[])[]): number | null {
  let [travelled, hidden] = [0, 0];
  for (const parts of ranks) {
    const buckets = parts.filter(({ part }) => part === 'bucket');
    const waits = parts.filter(({ part }) => part === 'exchange');
    travelled += coveredTime(buckets);
    hidden += coveredTime([...buckets, ...waits]) - coveredTime(waits);
  }
  return travelled > 0 ? hidden / travelled : null;
}

/** Returns the time that at least one part covers. */
function coveredTime(parts: readonly TimedPart[]): number {
  let [total, covered] = [0, Number.NEGATIVE_INFINITY];
  for (const { start, end } of parts.toSorted((one, other) => one.start - other.start)) {
    total += Math.max(0, end - Math.max(start, covered));
    covered = Math.max(covered, end);
  }
  return total;
}
