import { mean, percent } from '../numbers.ts';
import { listItem } from '../strangers/page-text.ts';
import { groupByLoss, type LossRuns, rankCorrelation, reference } from './compare.ts';
import { nameOf } from './loss-table.ts';
import type { Measurements } from './measure.ts';
import { type LossesStudy, type Start, type StartTimes, starts } from './results.ts';

/** Headings of the starts. */
export const startTexts: Readonly<Record<Start, string>> = {
  head: 'Heads',
  nothing: 'Networks from nothing',
};

/** Returns what the runs show: a list for each start. Each number is computed from the runs. */
export function findings({ runs, times }: LossesStudy): string {
  const lists = starts.flatMap((start) => {
    const all = groupByLoss(runs.filter((run) => run.start === start));
    const own = times.find((one) => one.start === start);
    const items = own ? startFindings(all, own) : [];
    return items.length === 0 ? [] : [`${startTexts[start]}:\n\n${items.map(listItem).join('\n')}`];
  });
  return lists.join('\n\n');
}

function startFindings(all: readonly LossRuns[], { times }: StartTimes): string[] {
  const measured = all.flatMap(({ loss, runs }) => {
    const own = runs.flatMap((run) => run.measured ?? []);
    return own.length === 0 ? [] : [{ loss, own, accuracy: mean(own.map(calibratedAccuracy)) }];
  });
  if (measured.length < 2) return [];
  const sorted = [...measured].sort((a, b) => a.accuracy - b.accuracy);
  const [worst, best] = [sorted[0]!, sorted.at(-1)!];
  const spreads = measured.map(({ own }) => 100 * range(own.map(calibratedAccuracy)));
  const halves = measured.flatMap(({ own }) =>
    own.map(({ calibrated: { accuracy } }) => 50 * (accuracy.high - accuracy.low)),
  );
  return [
    `Mean accuracies at the calibrated threshold lie between ${percent(worst.accuracy)} (${nameOf(worst.loss)}) ` +
      `and ${percent(best.accuracy)} (${nameOf(best.loss)}). The seeds of one loss lie within ${mean(spreads).toFixed(1)} points on average, and within ` +
      `${Math.max(...spreads).toFixed(1)} at most. Resampling the people of the pairs moves one run by ±${mean(halves).toFixed(1)} points.`,
    comparedText(all),
    lostText(measured.flatMap(({ own }) => own)),
    consistencyText(measured),
    timeText(times),
  ];
}

function comparedText(all: readonly LossRuns[]): string {
  const others = all.filter(({ loss, gains }) => loss !== reference && gains.length > 0);
  const above = others.filter(({ gains }) => gains.every((one) => one > 0));
  const below = others.filter(({ gains }) => gains.every((one) => one < 0));
  const seeds = Math.max(...others.map(({ gains }) => gains.length));
  return (
    `Better than ${nameOf(reference)} with every seed: ${namesText(above)}. Worse with every seed: ${namesText(below)}. If all ` +
    `${others.length} were of equal worth, chance would give about ${(others.length / 2 ** seeds).toFixed(0)} of each, and more of one if ` +
    `${nameOf(reference)} itself was lucky or unlucky.`
  );
}

function lostText(measured: readonly Measurements[]): string {
  const lost = (own: readonly Measurements[], of: (one: Measurements) => number | undefined) =>
    own.flatMap((one) => {
      const accuracy = of(one);
      return accuracy === undefined ? [] : [100 * (one.best.accuracy - accuracy)];
    });
  const calibrated = lost(measured, calibratedAccuracy);
  const pairs = measured.filter(({ learned }) => learned?.between === 'embeddings');
  const learned = lost(pairs, (one) => one.learned?.accuracy.estimate);
  const shifted = lost(pairs, (one) => one.priorShift?.accuracy.estimate);
  const text = `The calibrated threshold loses ${mean(calibrated).toFixed(1)} points against the best one, ${Math.max(...calibrated).toFixed(1)} at most.`;
  if (learned.length === 0) return text;
  return `${text} A threshold learned between embeddings loses ${mean(learned).toFixed(1)} points, and ${mean(shifted).toFixed(1)} with the prior shift.`;
}

function consistencyText(
  measured: readonly { readonly own: readonly Measurements[]; readonly accuracy: number }[],
): string {
  const scores = measured.map(({ own }) => mean(own.map(({ inconsistency }) => inconsistency)));
  const correlation = rankCorrelation(
    measured.map(({ own }) => mean(own.map(({ best }) => best.accuracy))),
    scores,
  );
  return (
    `OPIS lies between ${Math.min(...scores).toFixed(3)} and ${Math.max(...scores).toFixed(3)}. Its rank correlation with the best accuracy is ` +
    `${correlation.toFixed(2).replace('-', '−')} over the losses` +
    (correlation > 0 ? ': whoever serves everybody badly serves them alike.' : '.')
  );
}

function timeText(times: StartTimes['times']): string {
  const own = times.find(({ loss }) => loss === reference)!.milliseconds;
  const slowest = times.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a));
  return `A step with ${nameOf(slowest.loss)}, the slowest loss, takes ${(slowest.milliseconds / own).toFixed(1)} times as long as one with ${nameOf(reference)}.`;
}

function namesText(all: readonly LossRuns[]): string {
  return all.length === 0 ? 'none' : `${all.length} (${all.map(({ loss }) => nameOf(loss)).join(', ')})`;
}

function calibratedAccuracy({ calibrated }: Measurements): number {
  return calibrated.accuracy.estimate;
}

function range(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
