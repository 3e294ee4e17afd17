import { type FinishedEvent, type StoppedEvent, Trainer } from '@openset/train';
import { consoleLogger, DirectoryCheckpoints, jsonLinesLogger, tensorBoardLogger } from '@openset/train/node';
import type { RunConfig } from '../config/settings.ts';
import type { PairSet } from '../images/pair-set.ts';
import type { Output } from '../output.ts';
import type { RunParts } from './build-run.ts';
import { pairEvaluation } from './pair-evaluation.ts';
import type { RunFolder } from './run-folder.ts';

/** What is around a training. */
export interface TrainerContext {
  readonly output: Output;
  readonly signal: AbortSignal | undefined;
  /** Whether it goes on with a run; otherwise there must be none. */
  readonly resume: boolean;
}

/**
 * Trains to the end or until the signal, from the last checkpoint if it is to go on; progress goes to the output, events
 * to files of the run's folder.
 * @throws what training throws; ConfigError if a run that is new finds checkpoints
 */
export async function runTrainer(
  { options }: RunParts,
  config: RunConfig,
  pairs: PairSet | null,
  folder: RunFolder,
  { output, signal, resume }: TrainerContext,
): Promise<FinishedEvent | StoppedEvent> {
  const { epochs, steps } = config.evaluateEvery;
  const trainer = new Trainer({
    ...options,
    ...(pairs ? { evaluation: pairEvaluation(pairs, config, output) } : {}),
    checkpoints: {
      store: new DirectoryCheckpoints(folder.checkpoints),
      resume,
      ...(epochs === undefined ? {} : { everyEpochs: epochs }),
      ...(steps === undefined ? {} : { everySteps: steps }),
    },
    ...(signal ? { signal } : {}),
  });
  return trainer.run(
    consoleLogger({ stream: output.stream }),
    jsonLinesLogger(folder.events),
    tensorBoardLogger(folder.tensorBoard),
  );
}
