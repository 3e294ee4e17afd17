import { expect, it } from 'vitest';
import { gatheringRanks } from '../__fixtures__/gathering-ranks.ts';
import { gatherTimeline, hiddenShare, type TimedPart } from './step-timeline.ts';

const part = (name: TimedPart['part'], start: number, end: number): TimedPart => ({ part: name, start, end });

it('measures how much of the exchange was hidden', () => {
  const backward = part('backward', 0, 10);
  // 8 of the 10 s in which buckets travelled: they overlap, and the wait lasts 2 s.
  const buckets = [part('bucket', 2, 6), part('bucket', 4, 9), part('bucket', 9, 12)];
  expect(hiddenShare([[backward, ...buckets, part('exchange', 10, 12)]])).toBeCloseTo(0.8, 12);
  expect(hiddenShare([[backward, part('bucket', 10, 12), part('exchange', 10, 12)]])).toBe(0);
  expect(hiddenShare([[backward, part('bucket', 2, 9), part('exchange', 10, 10)]])).toBe(1);
  expect(hiddenShare([[part('exchange', 0, 1)], [part('bucket', 2, 4), part('exchange', 3, 4)]])).toBe(0.5);
  expect(hiddenShare([[backward]])).toBeNull();
  expect(hiddenShare([])).toBeNull();
});

it('aligns the clocks of ranks at the end of the first exchange', async () => {
  const timelines = await Promise.all(
    gatheringRanks(2).map((ranks) => {
      const origin = 5000 * (1 + ranks.rank);
      return gatherTimeline(ranks, [
        part('forward', origin - 1000, origin - 500 * ranks.rank),
        part('exchange', origin - 500 * ranks.rank, origin),
        part('bucket', origin, origin + 250),
      ]);
    }),
  );
  expect(timelines[0]).toEqual({
    ranks: [
      [part('forward', 0, 1), part('exchange', 1, 1), part('bucket', 1, 1.25)],
      [part('forward', 0, 0.5), part('exchange', 0.5, 1), part('bucket', 1, 1.25)],
    ],
    hiddenShare: 1,
  });
  expect(timelines[1]).toEqual(timelines[0]);
});
