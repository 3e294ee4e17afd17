import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { DataError, type EmbeddingEngine, type ImageBatchShape, type SplitBackbone } from '@openset/core';
import { type BadRecord, type ImageRecord, type ImageSource, subsetSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import { mirrorImages } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { count } from '../evaluation/texts.ts';
import { ContentHashes, contentHash } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { type TurnAccount, watchTurns } from '../images/turned-images.ts';
import { workerOptions } from '../images/worker-options.ts';
import type { Output } from '../output.ts';
import { defaultCacheFolder, FeatureCache, type FeatureFacts } from './feature-cache.ts';
import { keyBytes } from './feature-shard.ts';
import {
  type FeatureRows,
  type FeatureSource,
  type FeatureVariants,
  featureSource,
} from './feature-source.ts';
import { frozenFacts } from './split-network.ts';

/** Maximum share of the machine's memory for features. */
const memoryShare = 0.25;
/** Number of images whose features are computed in one pass. */
const batchSize = 32;
/** Number of images that are looked up at the same time. */
const concurrentLookups = 32;
/** Marks an image whose features are not known yet. */
const unknown = 0xffffffff;
/** Number of images above which content is not compared to find copies. */
const maximumHashes = 2 ** 22;

/** How images become the crops that the network takes. */
export interface FeatureCrops {
  /** What the crops depend on besides the image; features of other facts are not reused. */
  readonly facts: FeatureFacts;
  /** Returns the crops of images, with the same indices. */
  crop(images: ImageSource): ImageSource;
}

/** Options of `openFeatures`. */
export interface FeatureOptions {
  readonly reading: ImageReading;
  /** Folder of the cache; `'off'` keeps nothing; default: `defaultCacheFolder()`. */
  readonly cache?: string | undefined;
  /** 2 to have the features of mirror images, too. */
  readonly variants: FeatureVariants;
  readonly output: Output;
  /** Computes features in place of the backbone; the same of all images. */
  readonly engine?: EmbeddingEngine | null | undefined;
  /** Aborted to stop. */
  readonly signal?: AbortSignal | undefined;
  /** Crops the images; default: they are taken whole. */
  readonly crops?: FeatureCrops | undefined;
  /** Number of bytes up to which features are kept in memory; default: a quarter of the machine's. */
  readonly memory?: number;
}

/** Features of a set, and what was found on the way. */
export interface OpenedFeatures {
  readonly source: FeatureSource;
  /** Images that cannot be read, ascending by index. */
  readonly badRecords: readonly BadRecord[];
  readonly hashes: ContentHashes;
  readonly turns: TurnAccount;
  /** Number of images whose features were in the cache. */
  readonly reused: number;
  /** Number of images whose features were computed. */
  readonly computed: number;
}

/**
 * Returns the features of the images of a set under the frozen part of a network. Those in the cache are reused, the others
 * computed and added to it. Features are kept in memory if they fit, otherwise read from the cache.
 *
 * The key of an image is its content, so renamed and moved files are found. The source of the images may be closed
 * afterwards.
 * @throws DataError if the cache cannot be used; the reason of the signal if aborted
 */
export async function openFeatures(
  images: ImageSource,
  backbone: SplitBackbone,
  options: FeatureOptions,
): Promise<OpenedFeatures> {
  const { reading, variants, output } = options;
  const featureSize = tf.util.sizeFromShape([...backbone.featureShape]);
  const { memory = memoryShare * totalmem() } = options;
  const isInMemory = 4 * images.size * variants * featureSize <= memory;
  const { cache, close } = await openCache(backbone, featureSize, isInMemory, options);
  try {
    const table = new FeatureStore(cache, images.size, { featureSize, variants, isInMemory });
    const hashes = new ContentHashes(images.size > maximumHashes ? 0 : images.size);
    const { source: watched, turns } = watchTurns(images, reading);
    const missing = await lookUp(watched, table, hashes, options);
    const badRecords = await compute(watched, missing, backbone, table, options);
    const computed = missing.length - badRecords.length;
    const reused = images.size - missing.length;
    output.note(featuresText(computed, reused));
    const named = { ...images, origin: (index: number) => imageName(images, index) };
    if (isInMemory) await close();
    const closeLater = isInMemory ? async () => {} : close;
    const source = featureSource(named, table, { featureSize, variants }, badRecords, closeLater);
    return { source, badRecords, hashes, turns, reused, computed };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the cache. Without one, features that do not fit into memory go to a temporary folder. */
async function openCache(
  backbone: SplitBackbone,
  featureSize: number,
  isInMemory: boolean,
  { reading, crops, engine, cache: folder = defaultCacheFolder() }: FeatureOptions,
): Promise<{ readonly cache: FeatureCache | null; close(): Promise<void> }> {
  const isOff = folder === 'off';
  if (isOff && isInMemory) return { cache: null, close: async () => {} };
  const { orientation } = decodingOptions(reading);
  const facts = { ...(await frozenFacts(backbone, engine?.name)), orientation, ...crops?.facts };
  const root = isOff ? await mkdtemp(join(tmpdir(), 'openset-')) : folder;
  const removeRoot = async () => {
    if (isOff) await rm(root, { recursive: true, force: true });
  };
  try {
    const cache = await FeatureCache.open(root, facts, featureSize);
    const close = async () => {
      await cache.close();
      await removeRoot();
    };
    return { cache, close };
  } catch (error) {
    await removeRoot();
    throw error;
  }
}

function featuresText(computed: number, reused: number): string {
  return `features: ${count(computed)} computed, ${count(reused)} reused`;
}

/** The features of a set: their places in a cache, and their values if they fit into memory. */
class FeatureStore implements FeatureRows {
  readonly #cache: FeatureCache | null;
  readonly variants: FeatureVariants;
  readonly featureSize: number;
  readonly #values: Float32Array | null;
  /** `[images, variants]`: rows of the cache. */
  readonly #rows: Uint32Array;

  constructor(
    cache: FeatureCache | null,
    size: number,
    options: Pick<FeatureSource, 'featureSize' | 'variants'> & { readonly isInMemory: boolean },
  ) {
    const { featureSize, variants, isInMemory } = options;
    this.#cache = cache;
    this.variants = variants;
    this.featureSize = featureSize;
    this.#rows = new Uint32Array(size * variants).fill(unknown);
    this.#values = isInMemory ? new Float32Array(size * variants * featureSize) : null;
  }

  /** Takes the rows of an image from the cache. @returns whether it has all of them, intact */
  async take(index: number, key: Uint8Array): Promise<boolean> {
    const { featureSize, variants } = this;
    if (!this.#cache) return false;
    const target = this.#target(index);
    for (let variant = 0; variant < variants; variant++) {
      const row = this.#cache.find(variantKey(key, variant));
      const values = target.subarray(variant * featureSize, (variant + 1) * featureSize);
      if (row === undefined || !(await this.#cache.read(row, values))) return false;
      this.#rows[index * variants + variant] = row;
    }
    return true;
  }

  /**
   * Adds computed features of images.
   * @param features for each variant `[images, size]`
   */
  async add(
    indices: Int32Array,
    keys: readonly Uint8Array[],
    features: readonly Float32Array[],
  ): Promise<void> {
    const { featureSize, variants } = this;
    for (const [variant, values] of features.entries()) {
      const variantKeys = keys.map((key) => variantKey(key, variant));
      const first = (await this.#cache?.append(variantKeys, values)) ?? 0;
      for (const [place, index] of indices.entries()) {
        this.#rows[index * variants + variant] = first + place;
        if (!this.#values) continue;
        const row = values.subarray(place * featureSize, (place + 1) * featureSize);
        this.#values.set(row, (index * variants + variant) * featureSize);
      }
    }
  }

  async read(index: number, target: Float32Array): Promise<void> {
    const { featureSize, variants } = this;
    if (this.#values) {
      target.set(this.#target(index));
      return;
    }
    for (let variant = 0; variant < variants; variant++) {
      const values = target.subarray(variant * featureSize, (variant + 1) * featureSize);
      if (await this.#cache?.read(this.#rows[index * variants + variant]!, values)) continue;
      throw new DataError(
        `The feature cache '${this.#cache?.folder}' was damaged during the run. Start it again.`,
      );
    }
  }

  /** Returns the memory of the features of an image; a new array if they are on disk. */
  #target(index: number): Float32Array {
    const length = this.variants * this.featureSize;
    return this.#values?.subarray(index * length, (index + 1) * length) ?? new Float32Array(length);
  }
}

/** Hashes all images and takes what the cache has. @returns the other images, also those that cannot be read; ascending */
async function lookUp(
  images: ImageSource,
  table: FeatureStore,
  hashes: ContentHashes,
  { output, signal }: FeatureOptions,
): Promise<number[]> {
  const counter = output.counter('looking up features');
  const missing: number[] = [];
  const lookUpImage = async (index: number) => {
    // The loader names the images that cannot be read.
    const record = await images.get(index).catch(() => null);
    if (record && images.size <= maximumHashes) hashes.add(index, record.bytes);
    if (!record || !(await table.take(index, imageKey(record)))) missing.push(index);
  };
  for (let start = 0; start < images.size; start += concurrentLookups) {
    signal?.throwIfAborted();
    const length = Math.min(concurrentLookups, images.size - start);
    await Promise.all(Array.from({ length }, (_, place) => lookUpImage(start + place)));
    counter.update(start + length, images.size);
  }
  return missing.sort((one, other) => one - other);
}

/** Computes the features of images and adds them. @returns the images that cannot be read */
async function compute(
  images: ImageSource,
  missing: readonly number[],
  backbone: SplitBackbone,
  table: FeatureStore,
  { reading, crops, engine, output, signal }: FeatureOptions,
): Promise<BadRecord[]> {
  if (missing.length === 0) return [];
  const [height, width, channels] = backbone.inputShape as [number, number, 1 | 3];
  const subset = subsetSource(images, missing);
  // The content that is decoded, in case that a file changes after it was looked up.
  const keys = new Map<number, Uint8Array>();
  const get = async (index: number) => {
    const record = await subset.get(index);
    keys.set(index, imageKey(record));
    return record;
  };
  const read = { ...subset, get };
  const loader = createLoader(crops?.crop(read) ?? read, {
    height,
    width,
    channels,
    batchSize,
    shuffle: false,
    ...decodingOptions(reading),
    // Crops are raw pixels.
    ...(crops ? { workers: 0 } : workerOptions(missing.length)),
    onBadRecord: 'skip',
  });
  const counter = output.counter('computing features');
  for await (const batch of loader) {
    signal?.throwIfAborted();
    const features = engine
      ? await runEngine(batch.images, batch.shape, engine, table.variants)
      : await runFrozenPart(batch.images, batch.shape, backbone, table.variants);
    const indices = batch.indices.map((index) => missing[index]!);
    const batchKeys = Array.from(batch.indices, (index) => keys.get(index)!);
    await table.add(indices, batchKeys, features);
    for (const index of batch.indices) keys.delete(index);
    loader.recycle(batch);
    counter.update(loader.counters.images + loader.counters.skipped, missing.length);
  }
  counter.update(missing.length, missing.length);
  return loader.badRecords
    .map((record) => ({ ...record, index: missing[record.index]! }))
    .sort((one, other) => one.index - other.index);
}

/** Returns the features of images, and of their mirror images for two variants: each `[images, size]`. */
async function runFrozenPart(
  values: Float32Array,
  shape: readonly [number, number, number, number],
  backbone: SplitBackbone,
  variants: FeatureVariants,
): Promise<Float32Array[]> {
  const images = tf.tensor4d(values, [...shape]);
  try {
    const features: Float32Array[] = [];
    for (let variant = 0; variant < variants; variant++) {
      const tensor = tf.tidy(() =>
        backbone.features(variant === 0 ? images : (tf.reverse(images, 2) as tf.Tensor4D)),
      );
      try {
        features.push((await tensor.data()) as Float32Array);
      } finally {
        tensor.dispose();
      }
    }
    return features;
  } finally {
    images.dispose();
  }
}

/** Returns the same features from an engine. */
async function runEngine(
  images: Float32Array,
  shape: ImageBatchShape,
  engine: EmbeddingEngine,
  variants: FeatureVariants,
): Promise<Float32Array[]> {
  const plain = await engine.embed(images, shape);
  return variants === 1 ? [plain] : [plain, await engine.embed(mirrorImages(images, shape), shape)];
}

/** Returns the key of an image: a hash of its content, and of its shape if it has raw pixels. */
function imageKey({ bytes, raw }: ImageRecord): Uint8Array {
  if (!raw) return Buffer.from(contentHash(bytes), 'hex').subarray(0, keyBytes);
  return createHash('sha256').update(JSON.stringify(raw)).update(bytes).digest().subarray(0, keyBytes);
}

/** Returns the key of an image or of its mirror image. */
function variantKey(key: Uint8Array, variant: number): Uint8Array {
  const bytes = Uint8Array.from(key);
  bytes[keyBytes - 1] = variant;
  return bytes;
}
