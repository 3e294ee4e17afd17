import {
  type Backbone,
  ConfigError,
  checkNumber,
  hasSynchronousReads,
  type OpenSetLoss,
} from '@openset/core';
import type { CheckpointStore } from '../checkpoints/checkpoint.ts';
import { type RunState, trainedVariables } from '../checkpoints/run-state.ts';
import type { TrainingOptimizer } from '../optimizers/training-optimizer.ts';
import type { Schedule } from '../schedules/schedule.ts';
import { constantSchedule } from '../schedules/schedules.ts';
import {
  type BatchPosition,
  type BatchSource,
  type BatchTensors,
  type TrainingBatch,
  toTensors,
} from './batch-source.ts';
import { type Cadence, checkCadence } from './cadence.ts';
import { checkEvaluation, type EvaluationOptions } from './evaluation.ts';
import type { WeightAverage } from './weight-average.ts';

/** Where and when checkpoints are saved: by default after each epoch, and always at the end and when the run is stopped. */
export interface CheckpointOptions extends Cadence {
  readonly store: CheckpointStore;
  /** Whether a run goes on from the store's newest checkpoint (default), or must find the store empty. */
  readonly resume?: boolean;
}

/** Options of a `Trainer`. */
export interface TrainerOptions<Batch extends TrainingBatch = TrainingBatch> {
  readonly backbone: Backbone;
  readonly loss: OpenSetLoss;
  readonly optimizer: TrainingOptimizer;
  /** The learning rate of each step; default that of the optimizer, always. */
  readonly schedule?: Schedule;
  /**
   * Opens the data at a place: `(start) => createLoader(source, { ...options, start })`. The same place must give the same
   * batches, in this process and in another.
   */
  readonly batches: (start: BatchPosition) => BatchSource<Batch>;
  /** How batches become tensors; `toTensors` of `@openset/data` for mixed images. */
  readonly toTensors?: (batch: Batch) => BatchTensors;
  /** The run ends after so many epochs; either this or `steps`. */
  readonly epochs?: number;
  /** The run ends after so many optimizer steps. */
  readonly steps?: number;
  /** Of the dropout masks; default 0. Weights, losses and data have seeds of their own. */
  readonly seed?: number;
  /**
   * Batches of the source that make a step; default 1. Their gradients are averaged, the loss commits its state after
   * each one, and batch norms see one at a time, as in the papers' code. The last step of an epoch may have fewer.
   */
  readonly accumulate?: number;
  /** The norm of all gradients together is brought down to this; default none, 10 in UniFace and UniTSFace. */
  readonly clipNorm?: number;
  /** Averages the weights over the steps. */
  readonly average?: WeightAverage;
  readonly evaluation?: EvaluationOptions;
  readonly checkpoints?: CheckpointOptions;
  /** Aborted to stop the run after the step under way; `stopOnSignals()` of `@openset/train/node` does so for Ctrl-C. */
  readonly signal?: AbortSignal;
  /**
   * Steps from one reading of the loss to the next. Default 1 where reading is free (cpu, wasm, node), else 10: a GPU
   * would stand still. The loss is read before each checkpoint in any case.
   */
  readonly readEvery?: number;
}

/** Checked options. */
export interface ResolvedTrainerOptions<Batch extends TrainingBatch> {
  readonly run: RunState;
  readonly schedule: Schedule;
  readonly batches: (start: BatchPosition) => BatchSource<Batch>;
  readonly toTensors: (batch: Batch) => BatchTensors;
  readonly epochs: number;
  readonly steps: number;
  readonly evaluation: EvaluationOptions | undefined;
  readonly checkpoints: CheckpointOptions | undefined;
  readonly signal: AbortSignal | undefined;
  readonly readEvery: number;
}

/**
 * Fills in the defaults.
 * @throws ConfigError for options out of their range, or that do not go together
 */
export function resolveTrainerOptions<Batch extends TrainingBatch>(
  options: TrainerOptions<Batch>,
): ResolvedTrainerOptions<Batch> {
  const { backbone, loss, optimizer, seed = 0, accumulate = 1, clipNorm, average = null, signal } = options;
  const { epochs = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY } = options;
  const { readEvery = hasSynchronousReads() ? 1 : 10, evaluation, checkpoints } = options;
  if ((options.epochs === undefined) === (options.steps === undefined)) {
    throw new ConfigError('Trainer: say how long the run is, either in epochs or in steps.');
  }
  for (const [name, value] of Object.entries({ epochs: options.epochs, steps: options.steps })) {
    if (value !== undefined) checkNumber(`Trainer: ${name}`, value, { minimum: 1, integer: true });
  }
  checkNumber('Trainer: seed', seed, { integer: true });
  checkNumber('Trainer: accumulate', accumulate, { minimum: 1, integer: true });
  checkNumber('Trainer: readEvery', readEvery, { minimum: 1, integer: true });
  if (clipNorm !== undefined) checkNumber('Trainer: clipNorm', clipNorm, { minimum: Number.MIN_VALUE });
  if (evaluation) checkEvaluation(evaluation);
  if (checkpoints) checkCadence('checkpoints', checkpoints);
  if (trainedVariables({ backbone, loss }).length === 0) {
    throw new ConfigError('Trainer: neither the backbone nor the loss has anything to train.');
  }
  return {
    run: {
      backbone,
      loss,
      optimizer,
      average,
      settings: { seed, accumulate, clipNorm: clipNorm ?? null, averageDecay: average?.decay ?? null },
    },
    schedule: options.schedule ?? constantSchedule({ learningRate: optimizer.learningRate }),
    batches: options.batches,
    toTensors: options.toTensors ?? toTensors,
    epochs,
    steps,
    evaluation,
    checkpoints,
    signal,
    readEvery,
  };
}
