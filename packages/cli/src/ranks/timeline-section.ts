import { type ReportSection, type TimelineBar, timelinePlot } from '@openset/report';
import type { StepTimeline, TimelineEvent } from '@openset/train';

/** Number of ranks that a figure shows. */
const maximumRanks = 8;

const names = {
  data: 'images',
  forward: 'forward pass',
  exchange: 'wait for other ranks',
  loss: 'loss',
  backward: 'backward pass',
  update: 'update',
  bucket: 'gradients travel',
} as const;

/** Returns the bars of `timelinePlot`: two rows for each of the first eight ranks, for its work and for the gradients that travel meanwhile. */
export function timelineBars({ ranks }: Pick<StepTimeline, 'ranks'>): TimelineBar[] {
  return ranks.slice(0, maximumRanks).flatMap((parts, rank) =>
    parts.map(({ part, start, end }) => ({
      row: part === 'bucket' ? `rank ${rank}: gradients` : `rank ${rank}`,
      name: names[part],
      start,
      end,
    })),
  );
}

/** Returns the part of a report that shows the last of some steps on all ranks; null if none was measured. */
export function timelineSection(events: readonly TimelineEvent[]): ReportSection | null {
  const last = events.at(-1);
  if (!last) return null;
  const shares = events.flatMap(({ hiddenShare }) => hiddenShare ?? []);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const hidden =
    shares.length === 0
      ? 'The network is not trained, so no gradients travelled.'
      : `Gradients travelled while the ranks did other work for ${Math.round(100 * mean)} % of the time (mean of ${shares.length} steps).`;
  const more = last.ranks.length > maximumRanks ? ` The figure shows the first ${maximumRanks} of them.` : '';
  return {
    heading: 'The ranks',
    text: `${last.ranks.length} ranks trained together.${more} ${hidden}`,
    figures: [timelinePlot(timelineBars(last), { caption: `Step ${last.step} on each rank` })],
  };
}
