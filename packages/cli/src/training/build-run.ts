import {
  type Backbone,
  ConfigError,
  isSharded,
  type OpenSetLoss,
  type Ranks,
  shardLoss,
} from '@openset/core';
import { type Augmentation, type Batch, type Loader, toTensors } from '@openset/data';
import { createLoader, type NodeLoaderOptions } from '@openset/data/node';
import { GraphBackbone } from '@openset/pretrained';
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
import type { Variable } from '@tensorflow/tfjs-core';
import type {
  ChosenSettings,
  OptimizerSettings,
  RunConfig,
  RunLength,
  ScheduleSettings,
} from '../config/settings.ts';
import { createFeatureLoader } from '../features/feature-loader.ts';
import { featureVariants, flipProbability } from '../features/head-augmentation.ts';
import { FeatureBackbone, withFrozenPart } from '../features/split-network.ts';
import { decodingOptions } from '../images/image-reading.ts';
import { workerOptions } from '../images/worker-options.ts';
import { openNetwork } from '../model/open-network.ts';
import { makeLoss } from './make-loss.ts';
import type { TrainingSet } from './prepare-data.ts';
import { trainingSampler } from './training-sampler.ts';

/** The trainable parts of a run, and the options of its trainer. */
export interface RunParts {
  /** The network; a `FeatureBackbone` if it is trained on features. */
  readonly backbone: Backbone;
  readonly loss: OpenSetLoss;
  readonly options: Omit<TrainerOptions<Batch>, 'batches'> & {
    /** Opens a loader that skips images that cannot be read. */
    readonly batches: (start: BatchPosition) => Loader;
  };
  /** Frees all variables. */
  dispose(): void;
}

/**
 * Builds the network, the loss and the other parts of a run from its configuration.
 * @param opened network of the configuration, which the run then owns; default: it is opened
 * @param ranks ranks that train together; default: this process alone
 * @throws ConfigError for options that are out of range or contradict each other
 */
export async function buildRun(
  config: RunConfig,
  set: TrainingSet,
  opened: Backbone | null = null,
  ranks: Ranks | null = null,
): Promise<RunParts> {
  if (ranks) checkBatchSize(config, ranks.size);
  const { network, seed, accumulate, clipNorm } = config;
  const whole = opened ?? (await openNetwork(network, seed));
  const split = set.isFeatures ? withFrozenPart(whole) : null;
  const backbone = split ? new FeatureBackbone(split, featureVariants(config)) : whole;
  try {
    const { embeddingSize } = backbone;
    const numClasses = set.source.classNames.length;
    const makeWhole = () => makeLoss(config.loss, { numClasses, embeddingSize, seed });
    const loss = ranks && config.shardClasses ? makeShard(ranks, makeWhole) : makeWhole();
    const optimizer = makeOptimizer(config.optimizer, config.schedule.learningRate);
    if (config.optimizer.weightDecayTowards === 'start') optimizer.anchor(startedVariables(whole, network));
    const length = config.steps === undefined ? { epochs: config.epochs } : { steps: config.steps };
    const options = {
      backbone,
      loss,
      optimizer,
      schedule: makeSchedule(config.schedule, length, stepsPerEpoch(config, set)),
      batches: (start: BatchPosition) => makeLoader(config, set, start, ranks),
      ...(ranks && { ranks, syncBatchNorm: config.syncBatchNorm ?? false }),
      toTensors,
      ...length,
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

/** @throws ConfigError if there are more ranks than classes, or if nothing of the loss can be sharded */
function makeShard(ranks: Ranks, makeWhole: () => OpenSetLoss): OpenSetLoss {
  const loss = shardLoss(ranks, makeWhole);
  if (isSharded(loss)) return loss;
  loss.dispose();
  throw new ConfigError(
    `The ${loss.name} keeps nothing for each class that ranks could share. Remove --shard-classes, or choose another loss.`,
  );
}

/** Returns the number of optimizer steps in an epoch. */
export function stepsPerEpoch(config: ChosenSettings, set: TrainingSet): number {
  const { batchesPerEpoch } = makeLoader(config, set, { epoch: 0, batch: 0 });
  return Math.ceil(batchesPerEpoch / config.accumulate);
}

/** Checks that every rank gets enough images of a batch for batch norms, if they use its own ones. @throws ConfigError */
function checkBatchSize({ batchSize, syncBatchNorm = false }: ChosenSettings, ranks: number): void {
  const least = syncBatchNorm ? 1 : 2;
  if (batchSize >= least * ranks) return;
  const need = syncBatchNorm ? '1 image' : '2 images';
  throw new ConfigError(
    `batchSize is ${batchSize}, but ${ranks} ranks share each batch and need at least ${need} each. Raise it to ${least * ranks} or more, or ` +
      'start fewer ranks.',
  );
}

/** @param ranks the loader delivers this rank's part of every batch; null: whole batches */
function makeLoader(
  config: ChosenSettings,
  set: TrainingSet,
  start: BatchPosition,
  ranks: Ranks | null = null,
) {
  const part = ranks && { part: { index: ranks.rank, count: ranks.size } };
  const { batchSize, seed, augment } = config;
  if (set.isFeatures) {
    const variants = featureVariants(config);
    const sampler = trainingSampler(config, set.source.labels);
    const flip = flipProbability(config);
    return createFeatureLoader(set.source, { variants }, { batchSize, seed, flip, sampler, start, ...part });
  }
  const options: NodeLoaderOptions = {
    ...set.size,
    ...decodingOptions(config),
    batchSize,
    seed,
    sampler: trainingSampler(config, set.source.labels),
    augment: augment as readonly Augmentation[],
    start,
    dropLast: true,
    epochs: Number.POSITIVE_INFINITY,
    // `BadImageWatch` applies the policy of the run.
    onBadRecord: 'skip',
    // Batch norms cannot train on one image.
    ...(part ?? { minBatchSize: 2 }),
    // Preparing an image in memory is faster than sending it to another thread.
    ...(set.isInMemory ? { workers: 0 } : { ...workerOptions(set.source.size), cacheBytes: set.cacheBytes }),
  };
  return createLoader(set.source, options);
}

/** Returns the trained variables that start with weights from elsewhere: all but those of a new head. */
function startedVariables(backbone: Backbone, { init }: RunConfig['network']): readonly Variable[] {
  if (!(backbone instanceof GraphBackbone) || init !== undefined) return backbone.trainable;
  return backbone.trainable.filter((variable) => !backbone.headVariables.includes(variable));
}

function makeOptimizer(
  { kind, weightDecayTowards: _, ...options }: OptimizerSettings,
  learningRate: number,
): TrainingOptimizer {
  const all = { ...(options as object), learningRate };
  return kind === 'sgd' ? new Sgd(all) : new AdamW(all);
}

/** Makes a schedule whose warm-up is a share of the run, and whose decay ends with the run. */
function makeSchedule(settings: ScheduleSettings, run: RunLength, perEpoch: number): Schedule {
  const { by = 'epoch', learningRate, warmup: share = 0 } = settings;
  const epochs = run.epochs ?? Math.ceil(run.steps / perEpoch);
  const steps = run.steps ?? run.epochs * perEpoch;
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
