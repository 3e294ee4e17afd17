import { DataError, epochNumber } from '@openset/core';
import type { BatchPosition, BatchSource, TrainingBatch } from './batch-source.ts';

/** A batch of a source and its position. */
export interface FedBatch<Batch> {
  readonly batch: Batch;
  /** Position after this batch, from which a run resumes. */
  readonly next: BatchPosition;
  readonly isLastOfEpoch: boolean;
}

/** Reads a source across its iterations, one batch ahead, to find the last batch of each epoch. */
export class BatchFeed<Batch extends TrainingBatch> {
  readonly #source: BatchSource<Batch>;
  #iterator: AsyncIterator<Batch> | null = null;
  #ahead: Omit<FedBatch<Batch>, 'isLastOfEpoch'> | null = null;

  constructor(source: BatchSource<Batch>) {
    this.#source = source;
  }

  /** Returns the next batch. @throws DataError if the source has no more, and what the source throws */
  async next(): Promise<FedBatch<Batch>> {
    // One empty iteration is not the end: all remaining records of an epoch may be bad.
    const current = this.#ahead ?? (await this.#read()) ?? (await this.#read());
    if (!current) {
      const { epoch, batch } = this.#source.state();
      throw new DataError(
        `The data source has no more batches after ${batch} of epoch ${epochNumber(epoch)}, but the run is not at its end.`,
      );
    }
    // Does not start the next iteration, which may never be needed.
    this.#ahead = await this.#read();
    const isLastOfEpoch = this.#ahead === null || this.#ahead.batch.epoch > current.batch.epoch;
    return { ...current, isLastOfEpoch };
  }

  /** Returns the memory of a batch to the source. */
  recycle(batch: Batch): void {
    this.#source.recycle?.(batch);
  }

  /** Ends the iteration, so that the source can free its resources. */
  async close(): Promise<void> {
    await this.#iterator?.return?.();
    this.#iterator = null;
  }

  /** Reads a batch; returns null at the end of an iteration. */
  async #read(): Promise<Omit<FedBatch<Batch>, 'isLastOfEpoch'> | null> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    const result = await this.#iterator.next();
    if (!result.done) return { batch: result.value, next: this.#source.state() };
    this.#iterator = null;
    return null;
  }
}
