import { ConfigError, DataError } from '@openset/core';
import type { ImageSource } from '../source.ts';
import { type BadRecord, BadRecordReport, badRecordError, type RecordFailure } from './bad-records.ts';
import type { Batch } from './batch.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { BatchBuilder, type BuiltBatch } from './batch-builder.ts';
import type { ChunkRunner } from './chunk-runner.ts';
import type { LoaderState, ResolvedLoaderOptions } from './loader-options.ts';
import type { ImageFailure, ImageItem, Recipe } from './prepare-images.ts';

/** What a loader has delivered since it was made. */
export interface LoaderCounters {
  readonly batches: number;
  readonly images: number;
  /** Places of the order that were left out because their record is bad. */
  readonly skipped: number;
}

/** Delivers the batches of a set, epoch after epoch. */
export interface Loader extends AsyncIterable<Batch> {
  /** How many batches an epoch has; fewer are delivered where every record of one is bad. */
  readonly batchesPerEpoch: number;
  /** Every record that could not be read or decoded, as far as the batches have come. */
  readonly badRecords: readonly BadRecord[];
  readonly counters: LoaderCounters;
  /** The batch that comes next: `start` of a loader that goes on from here. */
  state(): LoaderState;
  /**
   * Reads and decodes the first record of the set, so that a set that cannot be read is found at once. Every first
   * iteration does it too. With `onBadRecord: 'skip'`, one good record among the first 16 is enough.
   * @throws DataError with origin and reason
   */
  probe(): Promise<void>;
  /**
   * Gives the memory of a batch back, for batches to come: saves about a tenth of the time for small images. The batch,
   * and tensors made of it, must not be used any more: the cpu backend works on the same memory.
   */
  recycle(batch: Batch): void;
  /**
   * Goes on from `state()`. Leaving the loop early ends the worker threads; so does its end.
   * @throws ConfigError if another iteration is under way; DataError for a bad record, unless they are skipped, and for
   *   an epoch without a good one; WorkerError if a worker thread dies
   */
  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined>;
}

/** How the images of a loader are prepared. */
export interface Preparation {
  /** Starts what prepares images. */
  start(recipe: Recipe): Promise<ChunkRunner>;
  /** Prepares in this thread, for the probe. */
  prepare(items: readonly ImageItem[], target: Float32Array, recipe: Recipe): Promise<ImageFailure[]>;
}

const probedRecords = 16;

/** The loader of any environment. */
export class PrefetchingLoader implements Loader {
  readonly batchesPerEpoch: number;
  readonly #source: ImageSource;
  readonly #options: ResolvedLoaderOptions;
  readonly #preparation: Preparation;
  readonly #buffers = new BatchBuffers();
  readonly #report = new BadRecordReport();
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
    this.#buffers.giveBack(images, this.#options.prefetch + 1);
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
      `The set cannot be read: none of its first ${count} records is good. ${first?.reason ?? 'It has no records.'}`,
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    if (this.#isRunning) {
      throw new ConfigError('This loader is being iterated already; make one loader for each iteration.');
    }
    this.#isRunning = true;
    const ahead: { readonly place: LoaderState; readonly built: Promise<BuiltBatch> }[] = [];
    let runner: ChunkRunner | undefined;
    try {
      if (!this.#isProbed) await this.probe();
      runner = await this.#preparation.start(this.#options.recipe);
      const builder = new BatchBuilder(this.#source, this.#options, runner, this.#buffers);
      const { epochs: end = this.#state.epoch + 1 } = this.#options;
      let next = this.#state;
      let delivered = this.#state.batch;
      const buildAhead = () => {
        for (; ahead.length < this.#options.prefetch && next.epoch < end; next = this.#after(next)) {
          const built = builder.build(next);
          // It is awaited when its turn comes; until then a rejection must not count as unhandled.
          built.catch(() => {});
          ahead.push({ place: next, built });
        }
      };
      buildAhead();
      for (let head = ahead.shift(); head; head = ahead.shift()) {
        buildAhead();
        const batch = this.#take(await head.built);
        this.#state = this.#after(head.place);
        if (batch) delivered++;
        if (this.#state.batch === 0) {
          if (delivered === 0) {
            throw new DataError(
              `Epoch ${head.place.epoch} has no good record: ${this.badRecords.length} are bad, see badRecords.`,
            );
          }
          delivered = 0;
        }
        if (!batch) continue;
        this.#buffers.deliver(batch.images);
        yield batch;
      }
    } finally {
      await runner?.close();
      // Reads that are under way end before the receiver may close the source.
      await Promise.allSettled(ahead.map(({ built }) => built));
      this.#isRunning = false;
    }
  }

  /** Takes a batch into the report and the counters. */
  #take({ batch, failures }: BuiltBatch): Batch | null {
    this.#report.add(failures, this.#options.onBadRecord);
    const { batches, images, skipped } = this.#counters;
    this.#counters = {
      batches: batches + (batch ? 1 : 0),
      images: images + (batch?.labels.length ?? 0),
      skipped: skipped + failures.length,
    };
    return batch;
  }

  #after({ epoch, batch }: LoaderState): LoaderState {
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
      return failure ? { index, origin: record.origin, reason: failure.reason } : null;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { index, origin: `record ${index}`, reason: error.message };
    }
  }
}
