import type { Ranks } from '@openset/core';
import { expect, it } from 'vitest';
import { gatheringRanks } from '../__fixtures__/gathering-ranks.ts';
import { RankRates } from './rank-rates.ts';

/** Returns the reports of a rank that makes steps, by the number of the step. */
async function reportsOf(ranks: Ranks, images: number, seconds: (step: number) => number, steps: number) {
  const rates = new RankRates({ ...ranks, waitedSeconds: () => 0 });
  const reports: Record<number, readonly number[]> = {};
  for (let step = 1; step <= steps; step++) {
    const report = await rates.add(images, seconds(step));
    if (report) reports[step] = report;
  }
  return reports;
}

it('reports the rates of all ranks after 10 steps, then after every 50, without the first two', async () => {
  const slowStart = (step: number) => (step <= 2 ? 100 : step <= 10 ? 0.5 : 0.25);
  const all = await Promise.all(
    gatheringRanks(3).map((ranks) => reportsOf(ranks, [8, 4, 0][ranks.rank]!, slowStart, 115)),
  );
  expect(all[0]).toEqual({ 10: [16, 8, Number.NaN], 60: [32, 16, Number.NaN], 110: [32, 16, Number.NaN] });
  for (const reports of all) expect(reports).toEqual(all[0]);
});

it('reports nothing for one process, and for ranks that do not measure their waits', async () => {
  const [alone] = gatheringRanks(1);
  for (const ranks of [null, alone!]) {
    const rates = new RankRates(ranks);
    for (let step = 0; step < 200; step++) expect(await rates.add(1, 1)).toBeNull();
    expect(rates.waited()).toBe(0);
  }
});
