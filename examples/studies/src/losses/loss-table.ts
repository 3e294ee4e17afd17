import { mean, percent, spread } from '../numbers.ts';
import { table } from '../strangers/page-text.ts';
import { groupByLoss, type LossRuns } from './compare.ts';
import { studiedLosses } from './losses.ts';
import type { LossRun, StartTimes } from './results.ts';

/** Returns the name of a loss on the page, as Markdown. */
export function nameOf(loss: string): string {
  return studiedLosses.find(({ name }) => name === loss)?.text ?? loss;
}

/** Returns the table of all runs from one start: means over the seeds, with the lowest and the highest. */
export function lossTable(runs: readonly LossRun[], { times }: StartTimes): string {
  const headings = ['loss', 'best', 'calibrated', 'learned', 'prior shift', 'OPIS', 'ms a step', 'steps'];
  return table(
    headings,
    groupByLoss(runs).map((group) => {
      const { milliseconds } = times.find(({ loss }) => loss === group.loss)!;
      return [nameOf(group.loss), ...cells(group), milliseconds.toFixed(1), group.runs[0]!.steps];
    }),
  );
}

/** Returns the runs that failed as a list; empty if there are none. */
export function failureList(runs: readonly LossRun[]): string {
  const failed = runs.filter(({ failure }) => failure !== null);
  return failed.map(({ loss, seed, failure }) => `- ${nameOf(loss)}, seed ${seed}: ${failure}`).join('\n');
}

function cells({ runs }: LossRuns): string[] {
  const measured = runs.flatMap((run) => run.measured ?? []);
  if (measured.length < runs.length) {
    return [`**${runs.length - measured.length} of ${runs.length} failed**`, '–', '–', '–', '–'];
  }
  const learned = measured.flatMap((one) => one.learned ?? []);
  const isOfClasses = learned.some(({ between }) => between !== 'embeddings');
  return [
    spread(
      measured.map(({ best }) => best.accuracy),
      percent,
    ),
    spread(
      measured.map(({ calibrated }) => calibrated.accuracy.estimate),
      percent,
    ),
    meanText(learned.map(({ accuracy }) => accuracy.estimate)) + (isOfClasses ? ' *' : ''),
    meanText(measured.flatMap(({ priorShift }) => priorShift?.accuracy.estimate ?? [])),
    spread(
      measured.map(({ inconsistency }) => inconsistency),
      (score) => score.toFixed(3),
    ),
  ];
}

function meanText(shares: readonly number[]): string {
  return shares.length === 0 ? '–' : percent(mean(shares));
}
