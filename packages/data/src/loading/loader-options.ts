import { ConfigError, checkChoice, checkNumber } from '@openset/core';
import type { Augmentation } from '../images/augment-image.ts';
import { augmentImage } from '../images/augment-image.ts';
import { type DecodeOptions, resolveDecodeOptions } from '../images/decode-options.ts';
import { checkMix, type MixOptions } from '../images/mix.ts';
import type { ImageSource } from '../source.ts';
import type { BadRecordPolicy } from './bad-records.ts';
import { type BatchPlan, planBatches, type Shard } from './batch-plan.ts';
import type { Recipe } from './prepare-images.ts';
import { type Sampler, sequentialSampler, shuffledSampler } from './sampler.ts';
import { resolveScaling, type Scaling } from './scaling.ts';

/** Position in a run: the next batch. */
export interface LoaderState {
  /** Epoch, from 0. */
  readonly epoch: number;
  /** Index of the batch in the epoch, from 0. */
  readonly batch: number;
}

/** Options of `createLoader`. */
export interface LoaderOptions {
  /** Number of images in a batch; optional for samplers that make batches. */
  readonly batchSize?: number;
  /** Height of the images in pixels. */
  readonly height: number;
  /** Width of the images in pixels. */
  readonly width: number;
  /** 3 (default): red, green, blue. 1: grey. */
  readonly channels?: 1 | 3;
  /** Treatment of images of another size, as in `decodeImage`; default `'cover'`. */
  readonly fit?: DecodeOptions['fit'];
  /** Whether to turn images upright by their EXIF orientation, as in `decodeImage`; default `'ignore'`. */
  readonly orientation?: 'exif' | 'ignore';
  /** Limit on the pixels of an image, as in `decodeImage`; larger images are bad records. Default 2^26. */
  readonly maxPixels?: number;
  /** Scaling of the pixels; default `(x − 127.5) / 127.5`, in [−1, 1]. */
  readonly normalize?: Scaling;
  /**
   * Augmentation steps for every image, in order. Default: a random horizontal flip, as in the papers; none with
   * `shuffle: false`. Use `[]` for digits and letters, which must not be mirrored.
   */
  readonly augment?: readonly Augmentation[];
  /** Mixing of the images of each batch, for sets with classes; default none. */
  readonly mix?: MixOptions;
  /** Seed of the order and the augmentation; default 0. */
  readonly seed?: number;
  /** Whether every epoch has a new random order; default true. With false, the order is that of the set. */
  readonly shuffle?: boolean;
  /** Selection and order of the records of an epoch; default: all records. Has its own `seed`; excludes `shuffle`. */
  readonly sampler?: Sampler;
  /** Whether to drop the last batch of an epoch if it is incomplete; default false. */
  readonly dropLast?: boolean;
  /** Least number of images in a batch, because bad records make batches smaller; default 1. Smaller ones are not delivered. */
  readonly minBatchSize?: number;
  /** Share of this process in a data-parallel run; default: all batches. */
  readonly shard?: Shard;
  /**
   * Part of every batch that this process prepares, for the option `ranks` of a `Trainer`; default: whole batches. `batchSize` is that of the
   * whole batches, also of a sampler's. The parts are consecutive rows and differ in length by 1 at most. Every batch is delivered, also one
   * without rows. A loader that mixes images mixes those of a part. Excludes `shard` and `minBatchSize`.
   */
  readonly part?: Shard;
  /**
   * End of the run: one iteration continues to the end of epoch `epochs − 1`, without a pause between epochs. Default:
   * one iteration ends with its epoch, and the next iteration continues with the next epoch.
   */
  readonly epochs?: number;
  /** Start of the run, from `loader.state()`; default `{ epoch: 0, batch: 0 }`. */
  readonly start?: LoaderState;
  /** Maximum number of batches prepared ahead; default 3. */
  readonly prefetch?: number;
  /**
   * Limit on the memory for decoded images, in bytes; default 0: every epoch decodes all images again. An image in memory,
   * `height · width · channels` bytes, is neither read nor decoded again, so later changes of its file have no effect.
   * Batches are the same with and without.
   */
  readonly cacheBytes?: number;
  /** Whether a record that cannot be decoded ends the run, `'throw'` (default), or is reported and skipped, `'skip'`. */
  readonly onBadRecord?: BadRecordPolicy;
}

/** `LoaderOptions`, checked and with every default filled in. */
export interface ResolvedLoaderOptions {
  readonly sampler: Sampler;
  readonly plan: BatchPlan;
  readonly recipe: Recipe;
  readonly mix: MixOptions | undefined;
  readonly epochs: number | undefined;
  readonly start: LoaderState;
  readonly prefetch: number;
  readonly cacheBytes: number;
  readonly minBatchSize: number;
  readonly onBadRecord: BadRecordPolicy;
}

/**
 * Fills in the defaults.
 * @throws ConfigError for options out of range, or that contradict each other
 */
export function resolveLoaderOptions(source: ImageSource, options: LoaderOptions): ResolvedLoaderOptions {
  const { height, width, channels = 3, fit = 'cover', orientation = 'ignore', maxPixels } = options;
  const {
    normalize = {},
    shuffle = true,
    augment = shuffle ? [{ kind: 'horizontal-flip' }] : [],
    mix,
    seed = 0,
    epochs,
    prefetch = 3,
    cacheBytes = 0,
    minBatchSize = 1,
    onBadRecord = 'throw',
  } = options;
  const { start = { epoch: 0, batch: 0 } } = options;
  checkNumber('createLoader: height', height, { minimum: 1, integer: true });
  checkNumber('createLoader: width', width, { minimum: 1, integer: true });
  checkNumber('createLoader: seed', seed, { integer: true });
  checkNumber('createLoader: prefetch', prefetch, { minimum: 1, integer: true });
  checkNumber('createLoader: cacheBytes', cacheBytes, { minimum: 0 });
  if (epochs !== undefined && epochs !== Number.POSITIVE_INFINITY) {
    checkNumber('createLoader: epochs', epochs, { minimum: 1, integer: true });
  }
  checkNumber('createLoader: minBatchSize', minBatchSize, { minimum: 1, integer: true });
  if (options.part && options.minBatchSize !== undefined) {
    throw new ConfigError('createLoader: every part of a batch is delivered; omit minBatchSize.');
  }
  checkChoice('createLoader: onBadRecord', onBadRecord, ['skip', 'throw']);
  if (mix) checkMix(mix);
  if (options.sampler && options.shuffle !== undefined) {
    throw new ConfigError('createLoader: a sampler determines the order; omit shuffle.');
  }
  // A trial run reports invalid augmentations here instead of in a worker.
  augmentImage({ data: new Uint8Array(channels), height: 1, width: 1, channels }, augment, () => 0);

  const allRecords = shuffle ? shuffledSampler(source.size, { seed }) : sequentialSampler(source.size);
  const { sampler = allRecords } = options;
  const plan = planBatches(sampler, options);
  checkNumber('createLoader: start.epoch', start.epoch, { minimum: 0, integer: true });
  checkNumber('createLoader: start.batch', start.batch, {
    minimum: 0,
    maximum: plan.batchesPerEpoch - 1,
    integer: true,
  });
  const limits = maxPixels === undefined ? {} : { maxPixels };
  const decode = resolveDecodeOptions({ height, width, channels, fit, orientation, ...limits });
  const recipe = {
    decode: { ...decode, height, width },
    augment,
    scaling: resolveScaling(normalize, channels),
    seed,
  };
  return {
    sampler,
    plan,
    recipe,
    mix,
    epochs,
    start,
    prefetch,
    cacheBytes,
    minBatchSize: options.part ? 0 : minBatchSize,
    onBadRecord,
  };
}
