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

/** A place in a run: the batch that comes next. */
export interface LoaderState {
  /** From 0. */
  readonly epoch: number;
  /** In the epoch, from 0. */
  readonly batch: number;
}

/** Options of `createLoader`. */
export interface LoaderOptions {
  /** Images of a batch; may be left out for samplers that make batches. */
  readonly batchSize?: number;
  /** Height of the images in pixels. */
  readonly height: number;
  /** Width of the images in pixels. */
  readonly width: number;
  /** 3 (default): red, green, blue. 1: grey. */
  readonly channels?: 1 | 3;
  /** How images of another size come to this one, as in `decodeImage`; default `'cover'`. */
  readonly fit?: DecodeOptions['fit'];
  /** Larger images are bad records, as in `decodeImage`; default 2^26. */
  readonly maxPixels?: number;
  /** How pixels become numbers; default `(x − 127.5) / 127.5`, in [−1, 1]. */
  readonly normalize?: Scaling;
  /**
   * What is done with every image, one after another. Default: a random horizontal flip, as the papers train with; with
   * `shuffle: false`, as for tests, nothing. Digits and letters must not be mirrored: `[]`.
   */
  readonly augment?: readonly Augmentation[];
  /** Mixes the images of each batch; needs a set with classes. */
  readonly mix?: MixOptions;
  /** Decides order and augmentation; default 0. */
  readonly seed?: number;
  /** Whether every epoch has another random order (default) or that of the set. */
  readonly shuffle?: boolean;
  /** Which records make an epoch, instead of all; with a `seed` of its own, and without `shuffle`. */
  readonly sampler?: Sampler;
  /** Whether the last batch of an epoch is left out if it is not full; default false. */
  readonly dropLast?: boolean;
  /** Which part of the batches this loader delivers; default all. */
  readonly shard?: Shard;
  /**
   * Where the run ends: one iteration delivers everything up to the end of epoch `epochs − 1`, without a pause between
   * epochs. Default: one iteration is (the rest of) one epoch, and the next one is the next epoch.
   */
  readonly epochs?: number;
  /** Where the run begins: what `loader.state()` has said. Default `{ epoch: 0, batch: 0 }`. */
  readonly start?: LoaderState;
  /** How many batches are prepared ahead at most; default 3. */
  readonly prefetch?: number;
  /** Whether a record that cannot be decoded ends the run (default), or is left out and reported. */
  readonly onBadRecord?: BadRecordPolicy;
}

/** Checked options. */
export interface ResolvedLoaderOptions {
  readonly sampler: Sampler;
  readonly plan: BatchPlan;
  readonly recipe: Recipe;
  readonly mix: MixOptions | undefined;
  readonly epochs: number | undefined;
  readonly start: LoaderState;
  readonly prefetch: number;
  readonly onBadRecord: BadRecordPolicy;
}

/**
 * Fills in the defaults.
 * @throws ConfigError for options out of their range, or that do not go together
 */
export function resolveLoaderOptions(source: ImageSource, options: LoaderOptions): ResolvedLoaderOptions {
  const { height, width, channels = 3, fit = 'cover', maxPixels, normalize = {} } = options;
  const {
    shuffle = true,
    augment = shuffle ? [{ kind: 'horizontal-flip' }] : [],
    mix,
    seed = 0,
    epochs,
    prefetch = 3,
    onBadRecord = 'throw',
  } = options;
  const { start = { epoch: 0, batch: 0 } } = options;
  checkNumber('createLoader: height', height, { minimum: 1, integer: true });
  checkNumber('createLoader: width', width, { minimum: 1, integer: true });
  checkNumber('createLoader: seed', seed, { integer: true });
  checkNumber('createLoader: prefetch', prefetch, { minimum: 1, integer: true });
  if (epochs !== undefined && epochs !== Number.POSITIVE_INFINITY) {
    checkNumber('createLoader: epochs', epochs, { minimum: 1, integer: true });
  }
  checkChoice('createLoader: onBadRecord', onBadRecord, ['skip', 'throw']);
  if (mix) checkMix(mix);
  if (options.sampler && options.shuffle !== undefined) {
    throw new ConfigError('createLoader: a sampler has an order of its own; leave shuffle out.');
  }
  // An augmentation that cannot be carried out is found now, not in a worker.
  augmentImage({ data: new Uint8Array(channels), height: 1, width: 1, channels }, augment, () => 0);

  const whole = shuffle ? shuffledSampler(source.size, { seed }) : sequentialSampler(source.size);
  const { sampler = whole } = options;
  const plan = planBatches(sampler, options);
  checkNumber('createLoader: start.epoch', start.epoch, { minimum: 0, integer: true });
  checkNumber('createLoader: start.batch', start.batch, {
    minimum: 0,
    maximum: plan.batchesPerEpoch - 1,
    integer: true,
  });
  const limits = maxPixels === undefined ? {} : { maxPixels };
  const decode = resolveDecodeOptions({ height, width, channels, fit, ...limits });
  const recipe = {
    decode: { ...decode, height, width },
    augment,
    scaling: resolveScaling(normalize, channels),
    seed,
  };
  return { sampler, plan, recipe, mix, epochs, start, prefetch, onBadRecord };
}
