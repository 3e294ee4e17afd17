import { ConfigError, consecutivePart, deriveSeed, randomNumbers } from '@openset/core';
import {
  type Batch,
  type Loader,
  type LoaderState,
  type Sampler,
  type Shard,
  shuffledSampler,
} from '@openset/data';
import { type FeatureSource, readFeatures } from './feature-source.ts';

/** Options of `createFeatureLoader`; those of `createLoader` that make sense for features. */
export interface FeatureLoaderOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Probability that the features of the mirror image replace those of an image; needs two variants. */
  readonly flip: number;
  readonly sampler?: Sampler;
  readonly start: LoaderState;
  /** Part of every batch that this process delivers, as of `createLoader`; default: whole batches. */
  readonly part?: Shard;
}

/**
 * Delivers batches of features, `[batch, 1, 1, size]`, without end: as a loader of images does, in an order that depends only
 * on the seed and the position. An incomplete last batch of an epoch is dropped.
 * @param source features, also a subset of a `FeatureSource`
 * @throws ConfigError if a batch is larger than the set
 */
export function createFeatureLoader(
  source: Pick<FeatureSource, 'size' | 'labels' | 'classNames' | 'get'>,
  { variants }: Pick<FeatureSource, 'variants'>,
  options: FeatureLoaderOptions,
): Loader {
  const {
    batchSize,
    seed,
    flip,
    sampler = shuffledSampler(source.size, { seed }),
    part = { index: 0, count: 1 },
  } = options;
  const batchesPerEpoch = Math.floor(sampler.length / batchSize);
  if (batchesPerEpoch === 0) {
    throw new ConfigError(
      `batchSize is ${batchSize}, but an epoch has ${sampler.length} images. Lower it, or add images.`,
    );
  }
  let state = options.start;
  let counters = { batches: 0, images: 0, skipped: 0 };
  const read = async (order: Int32Array, { epoch, batch }: LoaderState): Promise<Batch> => {
    const rows = consecutivePart(batchSize, part);
    const from = batch * batchSize + rows.from;
    const indices = order.slice(from, batch * batchSize + rows.to);
    let featureSize = 0;
    let images = new Float32Array(0);
    for (const [place, index] of indices.entries()) {
      const random = randomNumbers(deriveSeed(seed, epoch, from + place));
      const variant = variants === 2 && random() < flip ? 1 : 0;
      const features = readFeatures(await source.get(index));
      if (place === 0) {
        featureSize = features.length / variants;
        images = new Float32Array(indices.length * featureSize);
      }
      images.set(features.subarray(variant * featureSize, (variant + 1) * featureSize), place * featureSize);
    }
    return {
      images,
      shape: [indices.length, 1, 1, featureSize],
      labels: Int32Array.from(indices, (index) => source.labels[index]!),
      indices,
      epoch,
      index: batch,
      numClasses: source.classNames.length,
    };
  };
  return {
    batchesPerEpoch,
    badRecords: [],
    get counters() {
      return counters;
    },
    state: () => state,
    recycle: () => {},
    probe: async () => {},
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const { epoch } = state;
        const order = sampler.order(epoch);
        while (state.epoch === epoch) {
          const batch = await read(order, state);
          const isLast = state.batch + 1 === batchesPerEpoch;
          state = isLast ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: state.batch + 1 };
          counters = {
            ...counters,
            batches: counters.batches + 1,
            images: counters.images + batch.labels.length,
          };
          yield batch;
        }
      }
    },
  };
}
