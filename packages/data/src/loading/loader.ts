import { ConfigError, DataError, epochNumber } from '@openset/core';
import type { ImageSource } from '../source.ts';
import {
  type BadRecord,
  BadRecordReport,
  badRecordError,
  originOf,
  type RecordFailure,
} from './bad-records.ts';
import type { Batch } from './batch.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { BatchBuilder, type BuiltBatch } from './batch-builder.ts';
import type { ChunkRunner } from './chunk-runner.ts';
import type { LoaderState, ResolvedLoaderOptions } from './loader-options.ts';
import { PixelCache } from './pixel-cache.ts';
import { describeFailure, type ImageFailure, type ImageItem, type Recipe } from './prepare-images.ts';

/** Totals of a loader since its creation. */
export interface LoaderCounters {
  /** Number of delivered batches. */
  readonly batches: number;
  /** Number of delivered images. */
  readonly images: number;
  /** Number of positions skipped because of a bad record. */
  readonly skipped: number;
}

/** Delivers the batches of a set, epoch after epoch. */
export interface Loader extends AsyncIterable<Batch> {
  /** Number of batches in an epoch; batches with fewer than `minBatchSize` good records are not delivered. */
  readonly batchesPerEpoch: number;
  /** Records of the delivered batches that could not be read or decoded. */
  readonly badRecords: readonly BadRecord[];
  /** Numbers of what the loader did so far. */
  readonly counters: LoaderCounters;
  /** Returns the position of the next batch: the option `start` of a loader that resumes from here. */
  state(): LoaderState;
  /**
   * Reads and decodes the first record of the set, to detect an unreadable set early. The first iteration does the same,
   * except with `onBadRecord: 'skip'`; there, one good record among the first 16 is enough.
   * @throws DataError with origin and reason
   */
  probe(): Promise<void>;
  /**
   * Returns the memory of a batch to the loader for reuse, which saves about a tenth of the time for small images. Do not
   * use the batch afterwards, nor tensors created from it: the cpu backend shares their memory.
   */
  recycle(batch: Batch): void;
  /**
   * Continues from `state()`. The worker threads stop at the end of the loop, also if it is left early.
   * @throws ConfigError if another iteration is active; DataError for a bad record unless `onBadRecord` is `'skip'`, and
   *   with `epochs`, for an epoch without a good record; WorkerError if a worker thread dies
   */
  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined>;
}

/** The environment's way to prepare images. */
export interface Preparation {
  /** Starts a runner. */
  start(recipe: Recipe): Promise<ChunkRunner>;
  /** Prepares images in this thread, for `Loader.probe`. */
  prepare(items: readonly ImageItem[], target: Float32Array, recipe: Recipe): Promise<ImageFailure[]>;
  /** Allocates memory that the runner's threads share. */
  allocate(bytes: number): ArrayBufferLike;
}

const probedRecords = 16;

/** A loader that prepares batches ahead, in any environment. */
export class PrefetchingLoader implements Loader {
  readonly batchesPerEpoch: number;
  readonly #source: ImageSource;
  readonly #options: ResolvedLoaderOptions;
  readonly #preparation: Preparation;
  readonly #buffers = new BatchBuffers();
  readonly #report = new BadRecordReport();
  readonly #cache: PixelCache | null;
  #counters: LoaderCounters = { batches: 0, images: 0, skipped: 0 };
  #state: LoaderState;
  #isProbed = false;
  #isRunning = false;

  constructor(source: ImageSource, options: ResolvedLoaderOptions, preparation: Preparation) {
    this.batchesPerEpoch = options.plan.batchesPerEpoch;
    this.#source = source;
    this.#options = options;
    this.#preparation = preparation;
    this.#state = options.start;
    const { height, width, channels } = options.recipe.decode;
    const imageBytes = height * width * channels;
    const { allocate } = preparation;
    this.#cache =
      options.cacheBytes < imageBytes
        ? null
        : new PixelCache({ records: source.size, imageBytes, limit: options.cacheBytes, allocate });
  }

  get badRecords(): readonly BadRecord[] {
    return this.#report.records;
  }

  get counters(): LoaderCounters {
    return this.#counters;
  }

  state(): LoaderState {
    return this.#state;
  }

  recycle({ images }: Batch): void {
    this.#buffers.release(images, this.#options.prefetch + 1);
  }

  async probe(): Promise<void> {
    const { onBadRecord } = this.#options;
    const count = onBadRecord === 'throw' ? 1 : Math.min(probedRecords, this.#source.size);
    let first: RecordFailure | undefined;
    for (let index = 0; index < count; index++) {
      const failure = await this.#probeRecord(index);
      if (!failure) {
        this.#isProbed = true;
        return;
      }
      first ??= failure;
    }
    if (onBadRecord === 'throw' && first) throw badRecordError(first);
    throw new DataError(
      first
        ? `The set cannot be read: its first ${count} records are all bad. ${first.reason}`
        : 'The set has no records.',
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    if (this.#isRunning) {
      throw new ConfigError('This loader already has an active iteration; create a loader for each one.');
    }
    this.#isRunning = true;
    const ahead: { readonly position: LoaderState; readonly built: Promise<BuiltBatch> }[] = [];
    let runner: ChunkRunner | undefined;
    try {
      // A set may begin with any number of bad records.
      if (!this.#isProbed && this.#options.onBadRecord === 'throw') await this.probe();
      runner = await this.#preparation.start(this.#options.recipe);
      const builder = new BatchBuilder(this.#source, this.#options, runner, this.#buffers, this.#cache);
      const { epochs } = this.#options;
      const end = epochs ?? this.#state.epoch + 1;
      let next = this.#state;
      let delivered = this.#state.batch;
      const buildAhead = () => {
        for (; ahead.length < this.#options.prefetch && next.epoch < end; next = this.#stateAfter(next)) {
          const built = builder.build(next);
          // The loop below awaits it later; until then a rejection must not count as unhandled.
          built.catch(() => {});
          ahead.push({ position: next, built });
        }
      };
      buildAhead();
      for (let head = ahead.shift(); head; head = ahead.shift()) {
        buildAhead();
        const batch = this.#recordOutcome(await head.built);
        this.#state = this.#stateAfter(head.position);
        if (batch) delivered++;
        if (this.#state.batch === 0) {
          if (delivered === 0 && epochs !== undefined) {
            throw new DataError(this.#describeEmptyEpoch(head.position.epoch));
          }
          delivered = 0;
        }
        if (!batch) continue;
        this.#buffers.markDelivered(batch.images);
        yield batch;
      }
    } finally {
      await runner?.close();
      // The receiver may close the source after the loop, so pending reads must finish first.
      await Promise.allSettled(ahead.map(({ built }) => built));
      this.#isRunning = false;
    }
  }

  /** Updates the report and the counters, and returns the batch. */
  #recordOutcome({ batch, failures }: BuiltBatch): Batch | null {
    this.#report.add(failures, this.#options.onBadRecord);
    const { batches, images, skipped } = this.#counters;
    this.#counters = {
      batches: batches + (batch ? 1 : 0),
      images: images + (batch?.labels.length ?? 0),
      skipped: skipped + failures.length,
    };
    return batch;
  }

  #describeEmptyEpoch(epoch: number): string {
    const { minBatchSize } = this.#options;
    const missing = minBatchSize === 1 ? 'good record' : `batch of ${minBatchSize} good records`;
    return `Epoch ${epochNumber(epoch)} has no ${missing}: ${this.badRecords.length} are bad, see badRecords.`;
  }

  #stateAfter({ epoch, batch }: LoaderState): LoaderState {
    const isLast = batch + 1 === this.batchesPerEpoch;
    return isLast ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batch + 1 };
  }

  async #probeRecord(index: number): Promise<RecordFailure | null> {
    const { recipe } = this.#options;
    const { height, width, channels } = recipe.decode;
    try {
      const record = await this.#source.get(index);
      const target = new Float32Array(height * width * channels);
      const [failure] = await this.#preparation.prepare([{ record, epoch: 0, position: 0 }], target, recipe);
      if (!failure) return null;
      const { slot: _, ...described } = failure;
      return { index, origin: record.origin, ...described };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { index, origin: originOf(this.#source, index), ...describeFailure(error) };
    }
  }
}
