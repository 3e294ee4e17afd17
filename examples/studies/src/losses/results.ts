import { readResults } from '../reuse-result.ts';
import { type ImageCounts, readCounts } from '../strangers/image-counts.ts';
import { studiedLosses } from './losses.ts';
import type { Measurements } from './measure.ts';
import type { StepTime } from './step-times.ts';
import type { HeadSettings, NetworkSettings } from './train.ts';

/** Origin of a network's weights: a head on a frozen network, or random weights. */
export const starts = ['head', 'nothing'] as const;
export type Start = (typeof starts)[number];

/** One training, and what became of it. */
export interface LossRun {
  readonly start: Start;
  readonly loss: string;
  readonly seed: number;
  readonly steps: number;
  /** Time of the processor that the training took; null if it failed. */
  readonly cpuSeconds: number | null;
  /** Null if the run failed. */
  readonly measured: Measurements | null;
  /** Message of a run that failed. */
  readonly failure: string | null;
}

/** Settings of the runs from one start, and the time of a step of each loss. */
export interface StartTimes {
  readonly start: Start;
  /** Time of the processor that each run may take. */
  readonly seconds: number;
  readonly settings: HeadSettings | NetworkSettings;
  /** Number of people to train on. */
  readonly trained: number;
  /** Number of people held out. */
  readonly held: number;
  readonly machine: string;
  readonly times: readonly StepTime[];
}

/** Content of the page. */
export interface LossesStudy {
  readonly runs: readonly LossRun[];
  readonly times: readonly StartTimes[];
  readonly counts: ImageCounts;
}

/**
 * Reads all runs that are stored, in the order of the page.
 * @throws ConfigError if no stage has run
 */
export async function readStudy(results: string): Promise<LossesStudy> {
  const names = studiedLosses.map(({ name }) => name);
  const place = ({ start, loss, seed }: LossRun) =>
    (starts.indexOf(start) * names.length + names.indexOf(loss)) * 1000 + seed;
  const counts = await readCounts(results);
  const runs = await Promise.all(starts.map((start) => readResults<LossRun>(results, `${start}-`)));
  const times = await readResults<StartTimes>(results, 'times-');
  return { runs: runs.flat().sort((a, b) => place(a) - place(b)), times, counts };
}
