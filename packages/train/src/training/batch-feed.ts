import { DataError, epochNumber, type Ranks } from '@openset/core';
import type { BatchPosition, BatchSource, TrainingBatch } from './batch-source.ts';

/** A batch of a source and its position. In a data-parallel run, the rows of the batch that belong to this rank. */
export interface FedBatch<Batch> {
  readonly batch: Batch;
  /** Numbers of rows of all ranks, by rank. */
  readonly shares: readonly number[];
  /** Indices of the samples of all ranks; empty if the source does not report them. */
  readonly indices: readonly number[];
  /** Position after this batch, from which a run resumes. */
  readonly next: BatchPosition;
  readonly isLastOfEpoch: boolean;
}

/** A batch before it is known whether it is the last of its epoch. */
type ReadBatch<Batch> = Omit<FedBatch<Batch>, 'isLastOfEpoch'>;

/** Reads a source across its iterations, one batch ahead, to find the last batch of each epoch. */
export class BatchFeed<Batch extends TrainingBatch> {
  readonly #source: BatchSource<Batch>;
  readonly #ranks: Ranks | null;
  #iterator: AsyncIterator<Batch> | null = null;
  #ahead: ReadBatch<Batch> | null = null;

  /** @param ranks ranks whose sources deliver their rows of the same batches; null for one process */
  constructor(source: BatchSource<Batch>, ranks: Ranks | null = null) {
    this.#source = source;
    this.#ranks = ranks;
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

  /** Reads a batch; returns null at the end of an iteration. A batch of which no rank has a good record is skipped. */
  async #read(): Promise<ReadBatch<Batch> | null> {
    for (let empty = 0; ; empty++) {
      if (empty > (this.#source.batchesPerEpoch ?? Number.POSITIVE_INFINITY))
        throw new DataError('No rank has a good record in a whole epoch.');
      this.#iterator ??= this.#source[Symbol.asyncIterator]();
      const result = await this.#iterator.next();
      const batch = result.done ? null : result.value;
      if (!batch) this.#iterator = null;
      const next = this.#source.state();
      const rows = this.#ranks ? await gatherIndices(this.#ranks, batch, next) : ownRows(batch);
      if (!batch) return null;
      if (rows.shares.some((share) => share > 0)) return { batch, ...rows, next };
      this.recycle(batch);
    }
  }
}

/** The rows of a batch. */
type BatchRows = Pick<FedBatch<unknown>, 'shares' | 'indices'>;

function ownRows(batch: TrainingBatch | null): BatchRows {
  return { shares: [batch?.labels.length ?? 0], indices: [...(batch?.indices ?? [])] };
}

/**
 * Returns the rows of all ranks.
 * @param batch null at the end of an iteration
 * @throws DataError if the ranks have read different batches
 */
async function gatherIndices(
  ranks: Ranks,
  batch: TrainingBatch | null,
  next: BatchPosition,
): Promise<BatchRows> {
  const headerLength = 4;
  const own = [batch?.epoch ?? -1, next.epoch, next.batch, batch?.labels.length ?? 0];
  const all = await ranks.gather(Int32Array.from([...own, ...(batch?.indices ?? [])]));
  const other = all.findIndex((rank) => own.slice(0, 3).some((value, index) => rank[index] !== value));
  if (other >= 0) {
    const describe = ({ 0: epoch, 1: nextEpoch, 2: nextBatch }: ArrayLike<number>) =>
      epoch === -1
        ? 'the end of its data'
        : `the batch before ${nextBatch} of epoch ${epochNumber(nextEpoch!)}`;
    throw new DataError(
      `The ranks read different batches: rank ${ranks.rank} ${describe(own)}, but rank ${other} ${describe(all[other]!)}. All ranks must ` +
        'read the same data with the same options, and deliver their part of every batch, also if it has no rows.',
    );
  }
  return {
    shares: all.map((rank) => rank[3]!),
    indices: all.flatMap((rank) => [...rank.subarray(headerLength)]),
  };
}
