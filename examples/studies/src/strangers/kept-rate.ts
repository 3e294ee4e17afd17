import { percent } from '../numbers.ts';
import { promisedRate, type StrangersRun } from './measure.ts';
import { medianText, table } from './page-text.ts';
import { groupRuns } from './points-lost.ts';

/** Range in which a promised rate counts as kept. */
const range = { low: 0.005, high: 0.02 };

/** Returns a table with a row for each start and number of people. */
export function rateTable(runs: readonly StrangersRun[]): string {
  const headings = [
    'start',
    'people',
    'held out',
    'rate on all pairs',
    'within 0.5–2 %',
    "rate on LFW's pairs",
  ];
  const rows = groupRuns(runs).flatMap(({ start, people, runs: own }) => {
    const rates = own.flatMap(({ rate }) => (rate ? [rate] : []));
    if (rates.length === 0) return [];
    const all = rates.map(({ farOfAll }) => farOfAll);
    const kept = `${all.filter(isKept).length} of ${all.length}`;
    const onPairs = medianText(rates.map(({ far }) => far));
    return [[start, people, own[0]!.heldOut, medianText(all), kept, onPairs]];
  });
  return table(headings, rows);
}

/** Says how many of some networks keep the promise. */
export function keptRateText(runs: readonly StrangersRun[], name: string): string {
  const rates = runs.flatMap(({ rate }) => (rate ? [rate.farOfAll] : []));
  return (
    `A promise of ${percent(promisedRate, 0)} is kept within ${percent(range.low)} and ${percent(range.high, 0)} for ` +
    `${rates.filter(isKept).length} of ${rates.length} ${name}.`
  );
}

function isKept(rate: number): boolean {
  return rate >= range.low && rate <= range.high;
}
