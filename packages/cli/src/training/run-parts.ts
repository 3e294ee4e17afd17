import { createBackbone, type NetworkBackbone } from '@openset/backbones';
import type { OpenSetLoss } from '@openset/core';
import { type Augmentation, type Batch, toTensors } from '@openset/data';
import { createLoader, type NodeLoaderOptions } from '@openset/data/node';
import {
  AdamW,
  type BatchPosition,
  constantSchedule,
  cosineSchedule,
  multiStepSchedule,
  polynomialSchedule,
  type Schedule,
  Sgd,
  type TrainerOptions,
  type TrainingOptimizer,
} from '@openset/train';
import type { OptimizerSettings, RunConfig, ScheduleSettings } from '../config/settings.ts';
import { makeLoss } from './make-loss.ts';
import type { TrainingSet } from './training-set.ts';

/** What a run is made of. */
export interface RunParts {
  readonly backbone: NetworkBackbone;
  readonly loss: OpenSetLoss;
  readonly options: TrainerOptions<Batch>;
  /** Frees all variables. */
  dispose(): void;
}

/** A configuration whose length is known; of both one is given. */
export type RunLength = Pick<RunConfig, 'epochs' | 'steps'>;

/**
 * Makes network, loss and everything else of a run, as the configuration says.
 * @throws ConfigError for options out of their range, or that do not go together
 */
export function makeRun(config: RunConfig, set: TrainingSet, length: RunLength): RunParts {
  const { network, seed, accumulate, clipNorm } = config;
  const backbone = createBackbone({ ...network, seed });
  try {
    const { embeddingSize } = backbone;
    const numClasses = set.source.classNames.length;
    const loss = makeLoss(config.loss, { numClasses, embeddingSize, seed });
    const optimizer = makeOptimizer(config.optimizer, config.schedule.learningRate);
    const end = length.steps === undefined ? { epochs: length.epochs ?? 1 } : { steps: length.steps };
    const options = {
      backbone,
      loss,
      optimizer,
      schedule: makeSchedule(config.schedule, end, stepsPerEpoch(config, set)),
      batches: (start: BatchPosition) => makeLoader(config, set, start),
      toTensors,
      ...end,
      seed,
      accumulate,
      ...(clipNorm === null ? {} : { clipNorm }),
    };
    const dispose = () => {
      backbone.dispose();
      loss.dispose();
      optimizer.dispose();
    };
    return { backbone, loss, options, dispose };
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}

/** Optimizer steps that an epoch has. */
export function stepsPerEpoch(config: RunConfig, set: TrainingSet): number {
  const { batchesPerEpoch } = makeLoader(config, set, { epoch: 0, batch: 0 });
  return Math.ceil(batchesPerEpoch / config.accumulate);
}

function makeLoader({ batchSize, seed, augment }: RunConfig, set: TrainingSet, start: BatchPosition) {
  const options: NodeLoaderOptions = {
    ...set.size,
    batchSize,
    seed,
    augment: augment as readonly Augmentation[],
    start,
    dropLast: true,
    epochs: Number.POSITIVE_INFINITY,
    // Images in memory are prepared faster than they are sent to another thread.
    ...(set.isInMemory ? { workers: 0 } : {}),
  };
  return createLoader(set.source, options);
}

function makeOptimizer({ kind, ...options }: OptimizerSettings, learningRate: number): TrainingOptimizer {
  const all = { ...(options as object), learningRate };
  return kind === 'sgd' ? new Sgd(all) : new AdamW(all);
}

/** Warm-ups are shares of the run, and decays end where it ends. */
function makeSchedule(
  settings: ScheduleSettings,
  end: { readonly epochs: number } | { readonly steps: number },
  perEpoch: number,
): Schedule {
  const { by = 'epoch', learningRate, warmup: share = 0 } = settings;
  const epochs = 'epochs' in end ? end.epochs : Math.ceil(end.steps / perEpoch);
  const steps = 'steps' in end ? end.steps : end.epochs * perEpoch;
  const length = by === 'epoch' ? epochs : steps;
  const common = { by, learningRate, length, warmup: Math.round(share * length) };
  if (settings.kind === 'constant') return constantSchedule(common);
  if (settings.kind === 'multi-step') {
    const { milestones, factor = 0.1 } = settings;
    return multiStepSchedule({ ...common, milestones, factor });
  }
  const decay = { ...common, endLearningRate: settings.endLearningRate ?? 0 };
  if (settings.kind === 'cosine') return cosineSchedule(decay);
  return polynomialSchedule({ ...decay, power: settings.power ?? 2 });
}
