import type { Interval } from './interval.ts';
import type { LearnedPoint, PairMeasurements } from './measure-pairs.ts';

/** What a person reads instead of a number that does not exist, such as NaN. */
const notAvailable = 'n/a';

/** Formats a number with a fixed number of decimals: `0.250`; `n/a` if it is not finite. */
export function decimal(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notAvailable;
  // Rounding makes `-0.00` of a small negative number.
  return value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, '$1');
}

/** Formats a share: `97.5 %`; `n/a` if it is not finite. */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${decimal(100 * share, digits)} %` : notAvailable;
}

/** Formats a probability: `97.5 %`. The ends are `over 99.9 %` and `under 0.1 %`, because a measured curve makes nothing certain. */
export function probabilityText(probability: number): string {
  if (probability >= 0.9995) return 'over 99.9 %';
  return probability < 0.0005 ? 'under 0.1 %' : percent(probability);
}

/** Formats a share that was chosen, not measured, with all its digits: `0.1 %`, `1e-7 %`. */
export function exactPercent(share: number): string {
  return Number.isFinite(share) ? `${Number((100 * share).toPrecision(12))} %` : notAvailable;
}

/** Formats a share with its confidence interval: `97.5 % (96.9–98.1)`. */
export function percentInterval({ estimate, low, high }: Interval): string {
  return `${percent(estimate)} (${decimal(100 * low, 1)}–${decimal(100 * high, 1)})`;
}

/** Formats a count: `4,480`; `n/a` if it is not finite. */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en-US') : notAvailable;
}

/** Formats a count with its noun: `1 person`, `4,480 people`. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** Formats a size in memory: `6.0 GiB`. */
export function gibibytes(bytes: number): string {
  return `${decimal(bytes / 2 ** 30, 1)} GiB`;
}

/** Aligns labels and values in two columns. */
export function aligned(
  rows: readonly (readonly [label: string, value: string])[],
  minimumWidth = 0,
): string {
  const width = Math.max(minimumWidth, ...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}

/** Returns the measurements as labels and values. */
export function measurementRows(measured: PairMeasurements): [string, string][] {
  const { accuracy, tar, far, learned, acrossFolds } = measured;
  return [
    ['pairs', `${count(measured.same)} of the same person, ${count(measured.different)} of different people`],
    ['accuracy', percentInterval(accuracy)],
    ['true accept rate', percent(tar)],
    ['false accept rate', percent(far, 2)],
    ['best accuracy', bestAccuracyText(measured)],
    ...(learned && learned.threshold !== measured.threshold ? [pointRow('learned threshold', learned)] : []),
    ...closedFormRows(measured),
    [
      `accuracy across ${acrossFolds.folds} folds`,
      `${percentInterval(acrossFolds)}, standard deviation ${percent(acrossFolds.standardDeviation, 2)}`,
    ],
    ...measured.tarAtFar.map((point): [string, string] => [
      `TAR@FAR ${point.far}`,
      `${percentInterval(point)}${point.threshold === null ? '' : `, threshold ${decimal(point.threshold, 3)}`}`,
    ]),
    ['equal error rate', percentInterval(measured.equalErrorRate)],
    ['area under the ROC curve', intervalText(measured.areaUnderCurve)],
  ];
}

/**
 * Returns the row of the threshold that the closed form derives from the learned one; none if there is no closed form, or if
 * that threshold decides.
 */
export function closedFormRows(measured: PairMeasurements | null): [string, string][] {
  const closedForm = measured?.closedForm;
  if (!closedForm || closedForm.threshold === measured.threshold) return [];
  return [pointRow('closed form', closedForm)];
}

function pointRow(label: string, point: LearnedPoint): [string, string] {
  const { threshold, accuracy } = point;
  return [label, `${decimal(threshold, 3)}, accuracy ${percent(accuracy)}, ${acceptText(point)}`];
}

/** Describes the best threshold in hindsight, and what the threshold that decides loses against it. */
export function bestAccuracyText({ accuracy, best }: PairMeasurements): string {
  const lost = decimal(100 * (best.accuracy - accuracy.estimate), 1);
  return `${percent(best.accuracy)} at threshold ${decimal(best.threshold, 3)}, in hindsight; the threshold loses ${lost} points`;
}

/** Describes what a threshold accepts. */
export function acceptText({ tar, far }: Pick<LearnedPoint, 'tar' | 'far'>): string {
  return `accepts ${percent(tar)} of same, ${percent(far, 2)} of different`;
}

function intervalText({ estimate, low, high }: Interval): string {
  return `${decimal(estimate, 4)} (${decimal(low, 4)}–${decimal(high, 4)})`;
}
