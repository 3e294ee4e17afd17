import { DataError } from '@openset/core';
import { mixBatch } from '../images/mix.ts';
import type { ImageRecord, ImageSource } from '../source.ts';
import { originOf, type RecordFailure } from './bad-records.ts';
import type { Batch } from './batch.ts';
import type { BatchBuffers } from './batch-buffers.ts';
import type { ChunkRunner } from './chunk-runner.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import type { LoaderState, ResolvedLoaderOptions } from './loader-options.ts';
import type { PixelCache } from './pixel-cache.ts';
import { describeFailure, type ImageFailure, type ImageItem } from './prepare-images.ts';
import { randomFor } from './seeds.ts';

/** A batch, or null if too few of its records are good, and the failures. */
export interface BuiltBatch {
  readonly batch: Batch | null;
  readonly failures: readonly RecordFailure[];
}

/** Keeps folders of files below the limit of open files of a process. */
const concurrentReads = 16;
/** Chunks are small enough to be distributed evenly and large enough that sending them costs little. */
const largestChunk = 32;
const smallestChunk = 4;
/** Separates the random numbers of a batch from those of its images, whose positions are not negative. */
const mixStream = -1;

/** Reads the records of a loader's batches and prepares them with a runner. */
export class BatchBuilder {
  readonly #source: ImageSource;
  readonly #options: ResolvedLoaderOptions;
  readonly #runner: ChunkRunner;
  readonly #buffers: BatchBuffers;
  readonly #cache: PixelCache | null;
  readonly #read: (index: number) => Promise<ImageRecord>;
  readonly #orders = new Map<number, Int32Array>();

  constructor(
    source: ImageSource,
    options: ResolvedLoaderOptions,
    runner: ChunkRunner,
    buffers: BatchBuffers,
    cache: PixelCache | null,
  ) {
    this.#source = source;
    this.#options = options;
    this.#runner = runner;
    this.#buffers = buffers;
    this.#cache = cache;
    this.#read = limitConcurrency((index) => source.get(index), concurrentReads);
  }

  /** Builds one batch; rejects only for errors that do not belong to a single record. */
  async build({ epoch, batch }: LoaderState): Promise<BuiltBatch> {
    const { plan, recipe } = this.#options;
    const { height, width, channels } = recipe.decode;
    const { from, to } = plan.rangeOf(batch);
    const indices = this.#orderOf(epoch).slice(from, to);
    const length = height * width * channels;
    const images = this.#buffers.acquire(indices.length * length);
    const labels = new Int32Array(indices.length);
    const origins: string[] = [];
    const failures = new Map<number, RecordFailure>();
    /** Rows whose decoded pixels go into reserved memory of the cache. */
    const kept = new Set<number>();
    const fail = (row: number, failure: Omit<ImageFailure, 'slot'>) => {
      const index = indices[row]!;
      failures.set(row, { index, origin: origins[row] ?? originOf(this.#source, index), ...failure });
    };

    const loadRow = async (row: number): Promise<ImageItem | null> => {
      const index = indices[row]!;
      const position = { epoch, position: from + row };
      try {
        const cached = this.#cache?.get(index);
        if (cached) {
          labels[row] = this.#source.labels[index]!;
          const origin = originOf(this.#source, index);
          return { record: { bytes: cached, raw: { height, width, channels }, origin }, ...position };
        }
        const { bytes, raw, origin, label } = await this.#read(index);
        labels[row] = label;
        origins[row] = origin;
        // Raw images need no decoding.
        if (raw) return { record: { bytes, raw, origin }, ...position };
        const keep = this.#cache?.reserve(index);
        if (!keep) return { record: { bytes, origin }, ...position };
        kept.add(row);
        return { record: { bytes, origin }, ...position, keep };
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        fail(row, describeFailure(error));
        return null;
      }
    };
    const rows = Array.from(indices.keys());
    const chunkLength = this.#chunkLength(indices.length);
    const prepareChunk = async (first: number) => {
      const chunk = rows.slice(first, first + chunkLength);
      const target = images.subarray(first * length, (first + chunk.length) * length);
      const load = () => Promise.all(chunk.map(loadRow));
      let isDone = false;
      try {
        for (const { slot, ...failure } of await this.#runner.run(load, target)) fail(first + slot, failure);
        isDone = true;
      } finally {
        for (const row of chunk.filter((each) => kept.has(each))) {
          if (isDone && !failures.has(row)) this.#cache?.complete(indices[row]!);
          else this.#cache?.release(indices[row]!);
        }
      }
    };
    await Promise.all(rows.filter((row) => row % chunkLength === 0).map(prepareChunk));

    const sortedFailures = [...failures]
      .sort(([first], [second]) => first - second)
      .map(([, failure]) => failure);
    const good = rows.filter((row) => !failures.has(row));
    if (good.length < this.#options.minBatchSize) return { batch: null, failures: sortedFailures };
    good.forEach((row, target) => {
      if (row !== target) images.copyWithin(target * length, row * length, (row + 1) * length);
    });
    const built = {
      images: images.subarray(0, good.length * length),
      shape: [good.length, height, width, channels] as const,
      labels: Int32Array.from(good, (row) => labels[row]!),
      indices: Int32Array.from(good, (row) => indices[row]!),
      epoch,
      index: batch,
      numClasses: this.#source.classNames.length,
    };
    return { batch: this.#mix(built, from), failures: sortedFailures };
  }

  #mix(batch: Batch, from: number): Batch {
    const { mix, recipe } = this.#options;
    if (!mix) return batch;
    const random = randomFor(recipe.seed, batch.epoch, mixStream, from);
    return { ...batch, mixed: mixBatch(batch.images, batch.shape, random, mix) };
  }

  /** Returns the order of an epoch; keeps two epochs, because batches of both may be under construction. */
  #orderOf(epoch: number): Int32Array {
    let order = this.#orders.get(epoch);
    if (!order) {
      order = this.#options.sampler.order(epoch);
      this.#orders.delete(epoch - 2);
      this.#orders.set(epoch, order);
    }
    return order;
  }

  /** Returns the length of equal chunks, small enough that the prefetched batches keep the runner busy. */
  #chunkLength(batchLength: number): number {
    const ahead = this.#options.prefetch * this.#options.plan.batchSize;
    const desired = Math.floor(ahead / (2 * this.#runner.parallel));
    const largest = Math.min(largestChunk, Math.max(smallestChunk, desired));
    if (batchLength === 0) return largest;
    return Math.ceil(batchLength / Math.ceil(batchLength / largest));
  }
}
