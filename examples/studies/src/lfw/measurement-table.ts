import { mean, percent, spread } from '../numbers.ts';
import { far, type Measurements, type Share } from './measure.ts';

/** Head of a Markdown table without its first column, which names the measured item. */
export const measurementTableHead = `accuracy | at the learned threshold | learned threshold | best threshold | TAR@FAR ${far} |
| --- | --- | --- | --- | --- | --- |`;

/** Formats a row of the table: means over runs with different seeds, with the lowest and the highest seed. */
export function measurementRow(name: string, runs: readonly Measurements[]): string {
  const atLearned = runs.flatMap(({ accuracyAtLearned }) => accuracyAtLearned?.estimate ?? []);
  const learned = runs.flatMap(({ learned: threshold }) => threshold?.cosine ?? []);
  const cells = [
    name,
    shares(runs.map(({ accuracy }) => accuracy.estimate)),
    shares(atLearned),
    learned.length === 0 ? '–' : mean(learned).toFixed(3),
    mean(runs.map(({ bestThreshold }) => bestThreshold)).toFixed(3),
    shares(runs.map(({ tarAtFar }) => tarAtFar.estimate)),
  ];
  return `| ${cells.join(' | ')} |`;
}

function shares(values: readonly number[]): string {
  if (values.length === 0) return '–';
  return values.length === 1 ? percent(values[0]!) : spread(values, percent);
}

/** Formats a share with its confidence interval: `97.5 % (96.1 %–98.2 %)`. */
export function interval({ estimate, low, high }: Share): string {
  return `${percent(estimate)} (${percent(low)}–${percent(high)})`;
}

/** Formats seconds as `6.1 minutes`. */
export function minutesText(seconds: number): string {
  return `${(seconds / 60).toFixed(1)} minutes`;
}
