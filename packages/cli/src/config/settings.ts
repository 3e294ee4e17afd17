import type { FaceCrop } from '@openset/core';
import { z } from 'zod';
import { backendNames, maximumThreads } from '../backend-names.ts';
import { badImagePolicies, damageLevels, orientations } from '../images/image-reading.ts';
import { lossSchema } from './loss-schema.ts';
import { type NetworkSettings, networkSchema } from './network-schema.ts';
import { objectSchema } from './parse-settings.ts';

const commonSchedule = {
  by: z.enum(['epoch', 'step']).optional(),
  learningRate: z.number().positive(),
  // Share of the run.
  warmup: z.number().min(0).max(0.9).optional(),
};
const weightDecay = {
  weightDecay: z.number().min(0).optional(),
  excludeFromWeightDecay: z.array(z.string()).optional(),
  // `start`: weights from elsewhere are pulled towards what they were (L2-SP).
  weightDecayTowards: z.enum(['zero', 'start']).optional(),
};

const scheduleSchema = z.discriminatedUnion('kind', [
  objectSchema({ kind: z.literal('constant'), ...commonSchedule }),
  objectSchema({
    kind: z.literal('cosine'),
    ...commonSchedule,
    endLearningRate: z.number().min(0).optional(),
  }),
  objectSchema({
    kind: z.literal('polynomial'),
    ...commonSchedule,
    endLearningRate: z.number().min(0).optional(),
    power: z.number().min(0).optional(),
  }),
  objectSchema({
    kind: z.literal('multi-step'),
    ...commonSchedule,
    milestones: z.array(z.int().min(0)),
    factor: z.number().min(0).optional(),
  }),
]);

const optimizerSchema = z.discriminatedUnion('kind', [
  objectSchema({
    kind: z.literal('sgd'),
    momentum: z.number().min(0).optional(),
    nesterov: z.boolean().optional(),
    ...weightDecay,
  }),
  objectSchema({
    kind: z.literal('adamw'),
    beta1: z.number().min(0).max(1).optional(),
    beta2: z.number().min(0).max(1).optional(),
    epsilon: z.number().positive().optional(),
    ...weightDecay,
  }),
]);

/** How faces are cropped: `FaceCrop` of core. */
const cropSchema = z.discriminatedUnion('kind', [
  objectSchema({ kind: z.literal('points') }),
  objectSchema({ kind: z.literal('box'), scale: z.number().positive() }),
]);

const share = z.number().min(0).max(1).optional();
const augmentationSchema = z.discriminatedUnion('kind', [
  objectSchema({ kind: z.literal('horizontal-flip'), probability: share }),
  objectSchema({ kind: z.literal('pad-crop'), padding: z.int().min(0), fill: z.number().optional() }),
  objectSchema({
    kind: z.literal('color-jitter'),
    brightness: z.number().min(0).optional(),
    contrast: z.number().min(0).optional(),
    saturation: z.number().min(0).optional(),
  }),
  objectSchema({
    kind: z.literal('cutout'),
    size: z.int().min(1),
    probability: share,
    fill: z.number().optional(),
  }),
]);

/** Schemas of the entries of a configuration file, except the loss. */
const settingsShape = {
  data: z.string().min(1).optional(),
  pairs: z.string().min(1).optional(),
  images: z.string().min(1).optional(),
  // A share of the people, or their number from 2.
  heldOut: z.union([z.number().min(0).max(0.9), z.int().min(2)]).optional(),
  // Null: no limit.
  maxImagesPerPerson: z.int().min(1).nullable().optional(),
  network: networkSchema.optional(),
  // Moved into `network` when the run starts.
  init: z.string().min(1).optional(),
  freeze: z.union([z.literal('backbone'), z.int().min(0)]).optional(),
  optimizer: optimizerSchema.optional(),
  schedule: scheduleSchema.optional(),
  batchSize: z.int().min(2).optional(),
  accumulate: z.int().min(1).optional(),
  clipNorm: z.number().positive().nullable().optional(),
  augment: z.array(augmentationSchema).optional(),
  epochs: z.int().min(1).optional(),
  steps: z.int().min(1).optional(),
  minutes: z.number().positive().optional(),
  evaluateEvery: objectSchema({
    epochs: z.int().min(1).optional(),
    steps: z.int().min(1).optional(),
  }).optional(),
  // Sampling of pairs needs a seed of at least 0.
  seed: z.int().min(0).optional(),
  backend: z.enum(backendNames).optional(),
  threads: z.int().min(1).max(maximumThreads).optional(),
  onBadImage: z.enum(badImagePolicies).optional(),
  maxBad: share,
  orientation: z.enum(orientations).optional(),
  crop: cropSchema.nullable().optional(),
  align: z.boolean().optional(),
  alignPairs: z.boolean().optional(),
  failOn: z.enum(damageLevels).optional(),
  maxPixels: z.int().min(1).optional(),
  // GiB
  imageMemory: z.number().min(0).optional(),
  featureCache: z.string().min(1).optional(),
  // Of a run on several ranks.
  shardClasses: z.boolean().optional(),
  syncBatchNorm: z.boolean().optional(),
  gradientWire: z.enum(['float32', 'bfloat16']).optional(),
};

/** Returns the schema of a configuration file, with the losses known so far. All entries are optional. */
export function settingsSchema() {
  const { data, pairs, images, heldOut, maxImagesPerPerson, network, ...others } = settingsShape;
  return objectSchema({
    ...{ data, pairs, images, heldOut, maxImagesPerPerson, network },
    loss: lossSchema().optional(),
    ...others,
  });
}

/** Settings of a run, as in a configuration file. */
export type Settings = z.output<ReturnType<typeof settingsSchema>>;
/** Settings of the learning rate schedule. */
export type ScheduleSettings = z.output<typeof scheduleSchema>;
/** Settings of the optimizer. */
export type OptimizerSettings = z.output<typeof optimizerSchema>;

/** Settings that name the images to train on. */
export type GivenSettings = Settings & { readonly data: string };

/** The settings that the command chooses when they are missing. */
type Chosen =
  | 'data'
  | 'heldOut'
  | 'loss'
  | 'optimizer'
  | 'schedule'
  | 'batchSize'
  | 'accumulate'
  | 'augment'
  | 'seed'
  | 'backend'
  | 'onBadImage'
  | 'orientation'
  | 'failOn'
  | 'maxPixels';

/** A network with the size of its images. */
export type SizedNetwork = NetworkSettings & {
  readonly [Key in 'inputSize' | 'channels']: NonNullable<NetworkSettings[Key]>;
};

/** Settings with every choice made except the number of steps: the length may still be in minutes. */
export type ChosenSettings = Omit<
  Settings,
  Chosen | 'network' | 'clipNorm' | 'crop' | 'maxImagesPerPerson'
> & {
  readonly [Key in Chosen]: NonNullable<Settings[Key]>;
} & {
  readonly network: SizedNetwork;
  readonly clipNorm: number | null;
  /** Largest number of images of a person in an epoch; null if there is no limit. */
  readonly maxImagesPerPerson: number | null;
  /** Crop that the network is made for; null if it takes images as they are. */
  readonly crop: FaceCrop | null;
};

/** The length of a run. */
export type RunLength =
  | { readonly epochs: number; readonly steps?: undefined }
  | { readonly steps: number; readonly epochs?: undefined };

/** A complete configuration: running it again with the same data repeats the run. */
export type RunConfig = Omit<ChosenSettings, 'epochs' | 'steps' | 'minutes' | 'evaluateEvery'> &
  RunLength & { readonly evaluateEvery: NonNullable<Settings['evaluateEvery']> };
