import { type FinishedEvent, type StoppedEvent, Trainer } from '@openset/train';
import { consoleLogger, DirectoryCheckpoints, jsonLinesLogger, tensorBoardLogger } from '@openset/train/node';
import type { RunConfig } from '../config/settings.ts';
import type { PairSet } from '../images/pair-set.ts';
import type { Output } from '../output.ts';
import type { RunParts } from './build-run.ts';
import { pairEvaluation } from './pair-evaluation.ts';
import type { RunFolder } from './run-folder.ts';

/** Context of a training run. */
export interface TrainerContext {
  readonly output: Output;
  readonly signal: AbortSignal | undefined;
  /** Whether to resume from the last checkpoint; otherwise there must be no checkpoints. */
  readonly resume: boolean;
}

/**
 * Trains to the end or until the signal. Progress goes to the output, events to files in the run's folder.
 * @throws what training throws; ConfigError if a new run finds checkpoints
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
