import type { LearnedPoint, PairMeasurements } from './measure-pairs.ts';
import type { Interval } from './resample.ts';

/** `97.5 %` */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** `97.5 % (96.9–98.1)`: with its confidence interval. */
export function percentInterval({ estimate, low, high }: Interval): string {
  return `${percent(estimate)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
}

/** `4,480` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 person`, `4,480 people` */
export function counted(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`;
}

/** Rows of two columns under each other. */
export function aligned(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}

/** What was measured, label by label. */
export function measurementRows(found: PairMeasurements): [string, string][] {
  const { acrossFolds, best, learned, equalErrorRate } = found;
  return [
    ['pairs', `${count(found.same)} of the same person, ${count(found.different)} of different people`],
    [
      `accuracy at the threshold ${found.threshold.toFixed(3)}`,
      `${percentInterval(found.accuracy)}; ${acceptText(found)}`,
    ],
    [
      `accuracy at the best threshold ${best.threshold.toFixed(3)}`,
      `${percent(best.accuracy)}, in hindsight`,
    ],
    ...(learned && learned.threshold !== found.threshold ? [learnedRow(learned)] : []),
    [
      `accuracy across ${acrossFolds.folds} folds`,
      `${percentInterval(acrossFolds)}, standard deviation ${percent(acrossFolds.standardDeviation, 2)}`,
    ],
    ...found.tarAtFar.map((point): [string, string] => [
      `TAR@FAR ${point.far}`,
      `${percentInterval(point)}${point.threshold === null ? '' : `, threshold ${point.threshold.toFixed(3)}`}`,
    ]),
    ['equal error rate', percentInterval(equalErrorRate)],
    ['area under the ROC curve', intervalText(found.areaUnderCurve)],
  ];
}

function learnedRow(point: LearnedPoint): [string, string] {
  return [
    `accuracy at the learned threshold ${point.threshold.toFixed(3)}`,
    `${percent(point.accuracy)}; ${acceptText(point)}`,
  ];
}

/** What a threshold accepts. */
export function acceptText({ tar, far }: Pick<LearnedPoint, 'tar' | 'far'>): string {
  return `accepts ${percent(tar)} of the same, ${percent(far, 2)} of different`;
}

function intervalText({ estimate, low, high }: Interval): string {
  return `${estimate.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`;
}
