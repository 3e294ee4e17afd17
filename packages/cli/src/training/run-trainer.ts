import {
  type FinishedEvent,
  type Logger,
  type StoppedEvent,
  type TimelineEvent,
  Trainer,
} from '@openset/train';
import { consoleLogger, DirectoryCheckpoints, jsonLinesLogger, tensorBoardLogger } from '@openset/train/node';
import type { RunConfig } from '../config/settings.ts';
import type { PairSet } from '../images/pair-set.ts';
import type { Output } from '../output.ts';
import { isWriter, type RunRanks } from '../ranks/run-ranks.ts';
import { slowRankLogger } from '../ranks/slow-rank-logger.ts';
import type { RunParts } from './build-run.ts';
import { pairEvaluation } from './pair-evaluation.ts';
import type { RunFolder } from './run-paths.ts';
import type { BadImageWatch } from './watch-images.ts';

/** Context of a training run. */
export interface TrainerContext {
  readonly output: Output;
  readonly signal: AbortSignal | undefined;
  /** Whether to resume from the last checkpoint; otherwise there must be no checkpoints. */
  readonly resume: boolean;
  /** Applies the policy for bad images. */
  readonly watch: BadImageWatch;
  /** The ranks that train together; rank 0 writes the files. */
  readonly ranks: RunRanks | null;
  /** Receives what the ranks did in a few steps, for the report. */
  readonly timelines: TimelineEvent[];
}

/** Steps whose timeline is measured, if there are several ranks. */
const timelineSteps = 3;

/**
 * Trains to the end or until the signal. Progress goes to the output, events to files in the run's folder.
 * @throws what training throws; ConfigError if a new run finds checkpoints; BadImagesError if bad images stopped the run
 */
export async function runTrainer(
  { options }: RunParts,
  config: RunConfig,
  pairs: PairSet | null,
  folder: RunFolder,
  { output, signal, resume, watch, ranks, timelines }: TrainerContext,
): Promise<FinishedEvent | StoppedEvent> {
  const { epochs, steps } = config.evaluateEvery;
  const trainer = new Trainer({
    ...options,
    batches: (start) => watch.watch(options.batches(start)),
    ...(pairs ? { evaluation: pairEvaluation(pairs, config, output, ranks) } : {}),
    checkpoints: {
      store: new DirectoryCheckpoints(folder.checkpoints),
      resume,
      ...(epochs === undefined ? {} : { everyEpochs: epochs }),
      ...(steps === undefined ? {} : { everySteps: steps }),
    },
    timelineSteps,
    signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal,
  });
  const loggers = () => [
    consoleLogger({ stream: output.stream }),
    jsonLinesLogger(folder.events),
    tensorBoardLogger(folder.tensorBoard),
    timelineLogger(timelines),
    ...(ranks ? [slowRankLogger(ranks.hosts, output)] : []),
  ];
  const last = await trainer.run(...(isWriter(ranks) ? loggers() : []));
  if (ranks) await watch.share(ranks);
  if (last.kind === 'stopped') watch.signal.throwIfAborted();
  return last;
}

function timelineLogger(timelines: TimelineEvent[]): Logger {
  return {
    log: (event) => {
      if (event.kind === 'timeline') timelines.push(event);
    },
    close: () => {},
  };
}
