import {
  type Backbone,
  ConfigError,
  checkNumber,
  hasSynchronousReads,
  isSharded,
  type OpenSetLoss,
  type Ranks,
  shardOf,
} from '@openset/core';
import type { CheckpointStore } from '../checkpoints/checkpoint.ts';
import { rowsOfLoss } from '../checkpoints/run-shards.ts';
import { type RunState, trainedVariables } from '../checkpoints/run-state.ts';
import type { TrainingOptimizer } from '../optimizers/training-optimizer.ts';
import { RankedCheckpoints } from '../parallel/ranked-checkpoints.ts';
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

/** Where and when to save checkpoints: by default after each epoch, and always when the run ends or stops. */
export interface CheckpointOptions extends Cadence {
  /** Storage of the checkpoints, such as `DirectoryCheckpoints` of `@openset/train/node`. */
  readonly store: CheckpointStore;
  /** Whether to resume from the store's newest checkpoint (default); if false, the store must be empty. */
  readonly resume?: boolean;
}

/** Options of a `Trainer`. */
export interface TrainerOptions<Batch extends TrainingBatch = TrainingBatch> {
  /** Network to train; the trainer changes its weights. */
  readonly backbone: Backbone;
  /** Loss to minimise; the trainer changes its weights and its memory. */
  readonly loss: OpenSetLoss;
  /** Optimizer of the network and the loss, such as `new Sgd({ momentum: 0.9 })`. */
  readonly optimizer: TrainingOptimizer;
  /** Learning rate of each step; default the optimizer's, constant. */
  readonly schedule?: Schedule;
  /**
   * Opens the data at a position: `(start) => createLoader(source, { ...options, start })`. The same position must give the
   * same batches in every process.
   */
  readonly batches: (start: BatchPosition) => BatchSource<Batch>;
  /** Converts batches to tensors; pass `toTensors` of `@openset/data` for mixed images. */
  readonly toTensors?: (batch: Batch) => BatchTensors;
  /** Length of the run in epochs; give either this or `steps`. */
  readonly epochs?: number;
  /** Length of the run in optimizer steps. */
  readonly steps?: number;
  /** Seed of the dropout masks; default 0. Weights, losses and data have their own seeds. */
  readonly seed?: number;
  /**
   * Number of batches per step; default 1. Their gradients are averaged. The loss commits its state after each batch, and
   * batch norms see one batch at a time, as in the papers' code. The last step of an epoch may have fewer batches.
   */
  readonly accumulate?: number;
  /** Maximum norm of all gradients together; default none. UniFace and UniTSFace use 10. */
  readonly clipNorm?: number;
  /** Moving average of the weights; default none. */
  readonly average?: WeightAverage;
  /** Evaluation that is repeated during the run; default none. */
  readonly evaluation?: EvaluationOptions;
  /** Checkpoints to save, and to resume from; default none. */
  readonly checkpoints?: CheckpointOptions;
  /** Stops the run after the current step; `stopOnSignals()` of `@openset/train/node` aborts it at Ctrl-C. */
  readonly signal?: AbortSignal;
  /**
   * Steps between two reads of the loss. Default 1 where reads are cheap (cpu, wasm, node), else 10, because a read stalls
   * a GPU. The loss is always read before a checkpoint.
   */
  readonly readEvery?: number;
  /**
   * The ranks of a data-parallel run, from `dataParallel` of `@openset/distributed`; default: this process alone. All ranks create the
   * trainer with the same options, and iterate it. `batches` returns this rank's rows of every batch (`part` of `createLoader`). Weights,
   * losses and events are those of one process with the whole batches. Rank 0 alone uses the checkpoint store, unless the classes of the loss
   * are sharded over the ranks: then all of them write to it.
   */
  readonly ranks?: Ranks;
  /**
   * Whether batch norms of a data-parallel run use the statistics of the rows of all ranks, forward and backward, as one process does; default
   * false: each rank those of its own rows. For networks of `@openset/backbones`, and ranks of MPI. Ignored without `ranks`.
   */
  readonly syncBatchNorm?: boolean;
  /**
   * Number of steps of a data-parallel run whose timeline all ranks gather for an event, after the first two steps of the process; default 0.
   * The times are measured anyway.
   */
  readonly timelineSteps?: number;
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
  readonly ranks: Ranks | null;
  /** Sums the statistics of batch norms over the ranks at once; null: those of each rank are of its own rows. */
  readonly sumStatistics: ((values: Float64Array) => void) | null;
  readonly timelineSteps: number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws ConfigError for options out of range or in conflict
 */
export function resolveTrainerOptions<Batch extends TrainingBatch>(
  options: TrainerOptions<Batch>,
): ResolvedTrainerOptions<Batch> {
  const { backbone, loss, optimizer, seed = 0, accumulate = 1, clipNorm, average = null, signal } = options;
  const { epochs = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY } = options;
  const { readEvery = hasSynchronousReads() ? 1 : 10, evaluation, checkpoints, ranks = null } = options;
  const { timelineSteps = 0, syncBatchNorm = false } = options;
  if ((options.epochs === undefined) === (options.steps === undefined)) {
    throw new ConfigError('Trainer: give the length of the run as either epochs or steps.');
  }
  for (const [name, value] of Object.entries({ epochs: options.epochs, steps: options.steps })) {
    if (value !== undefined) checkNumber(`Trainer: ${name}`, value, { minimum: 1, integer: true });
  }
  checkNumber('Trainer: seed', seed, { integer: true });
  checkNumber('Trainer: accumulate', accumulate, { minimum: 1, integer: true });
  checkNumber('Trainer: readEvery', readEvery, { minimum: 1, integer: true });
  checkNumber('Trainer: timelineSteps', timelineSteps, { minimum: 0, integer: true });
  if (clipNorm !== undefined) checkNumber('Trainer: clipNorm', clipNorm, { minimum: Number.MIN_VALUE });
  if (evaluation) checkEvaluation(evaluation);
  if (checkpoints) checkCadence('checkpoints', checkpoints);
  checkShards(loss, ranks);
  if (trainedVariables({ backbone, loss }).length === 0) {
    throw new ConfigError('Trainer: neither the backbone nor the loss has a trainable variable.');
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
    checkpoints:
      checkpoints && ranks
        ? { ...checkpoints, store: storeOfRanks(checkpoints.store, ranks, loss) }
        : checkpoints,
    signal,
    readEvery,
    ranks,
    sumStatistics: syncBatchNorm && ranks ? immediateSum(ranks) : null,
    timelineSteps,
  };
}

/** Returns the sum over the ranks at once; null for a single rank. @throws ConfigError if a rank cannot block for others */
function immediateSum(ranks: Ranks): ((values: Float64Array) => void) | null {
  if (ranks.size === 1) return null;
  if (ranks.sumNow) return (values) => ranks.sumNow!(values);
  throw new ConfigError(
    'Trainer: syncBatchNorm needs ranks that block until all others have called, as those of openMpi do. One thread that runs several ranks, ' +
      'as inProcess does, cannot: start processes with mpirun, or remove syncBatchNorm.',
  );
}

/** @throws ConfigError unless the ranks are those that hold the shards of the loss */
function checkShards({ name, trainable, memory }: OpenSetLoss, ranks: Ranks | null): void {
  const { rank, size } = ranks ?? { rank: 0, size: 1 };
  for (const variable of [...trainable, ...memory]) {
    const shard = shardOf(variable);
    if (!shard || (shard.rank === rank && shard.size === size)) continue;
    throw new ConfigError(
      `Trainer: the ${name} is shard ${shard.rank} of ${shard.size}, but this is rank ${rank} of ${size}. Create it with ` +
        'shardLoss(ranks, …), and pass the same ranks to the Trainer.',
    );
  }
}

/** Returns the store of ranks: all of them use it if the classes of the loss are sharded, else rank 0 alone. */
function storeOfRanks(store: CheckpointStore, ranks: Ranks, loss: OpenSetLoss): CheckpointStore {
  if (!isSharded(loss)) return new RankedCheckpoints(store, ranks);
  if (store.ofRanks) return store.ofRanks(ranks, rowsOfLoss(loss));
  throw new ConfigError(
    'Trainer: this checkpoint store cannot hold a loss whose classes are sharded over ranks. Use DirectoryCheckpoints of @openset/train/node.',
  );
}
