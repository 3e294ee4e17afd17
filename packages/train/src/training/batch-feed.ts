import { DataError, epochNumber } from '@openset/core';
import type { BatchPosition, BatchSource, TrainingBatch } from './batch-source.ts';

/** A batch of a source, and what comes after it. */
export interface FedBatch<Batch> {
  readonly batch: Batch;
  /** Where a run goes on that has done this batch. */
  readonly next: BatchPosition;
  readonly isLastOfEpoch: boolean;
}

/** Reads a source across the ends of its iterations, one batch ahead, to know which one is the last of its epoch. */
export class BatchFeed<Batch extends TrainingBatch> {
  readonly #source: BatchSource<Batch>;
  #iterator: AsyncIterator<Batch> | null = null;
  #ahead: Omit<FedBatch<Batch>, 'isLastOfEpoch'> | null = null;

  constructor(source: BatchSource<Batch>) {
    this.#source = source;
  }

  /** @throws DataError if the source has come to its end, and what the source throws */
  async next(): Promise<FedBatch<Batch>> {
    // An epoch may have nothing left where all records at its end are bad: one empty iteration is no end.
    const current = this.#ahead ?? (await this.#read()) ?? (await this.#read());
    if (!current) {
      const { epoch, batch } = this.#source.state();
      throw new DataError(
        `The data source has no more batches after ${batch} of epoch ${epochNumber(epoch)}, but the run is not at its end.`,
      );
    }
    // Not beyond the end of an iteration: the next one may never be needed.
    this.#ahead = await this.#read();
    const isLastOfEpoch = this.#ahead === null || this.#ahead.batch.epoch > current.batch.epoch;
    return { ...current, isLastOfEpoch };
  }

  /** Gives the memory of a batch back. */
  recycle(batch: Batch): void {
    this.#source.recycle?.(batch);
  }

  /** Ends the iteration, so that the source can free what it holds. */
  async close(): Promise<void> {
    await this.#iterator?.return?.();
    this.#iterator = null;
  }

  /** Null at the end of an iteration. */
  async #read(): Promise<Omit<FedBatch<Batch>, 'isLastOfEpoch'> | null> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    const result = await this.#iterator.next();
    if (!result.done) return { batch: result.value, next: this.#source.state() };
    this.#iterator = null;
    return null;
  }
}
