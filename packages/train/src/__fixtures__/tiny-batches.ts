import { randomNumbers } from '@openset/core';
import type { BatchPosition, BatchSource, TrainingBatch } from '../training/batch-source.ts';

/** Options of `tinyBatches`. */
export interface TinyBatchesOptions {
  readonly batchSize?: number;
  readonly batchesPerEpoch?: number;
  /** Number of epochs after which the source ends; by default an iteration is one epoch. */
  readonly epochs?: number;
  /** Changes a batch before delivery. */
  readonly change?: (batch: TrainingBatch, position: BatchPosition) => TrainingBatch;
}

/**
 * Opens a source of noisy 2 × 2 images of three classes. As in a loader of `@openset/data`, a batch depends on its
 * position alone.
 */
export function tinyBatches(
  options: TinyBatchesOptions = {},
): (start: BatchPosition) => BatchSource & { readonly recycled: number } {
  const { batchSize = 6, batchesPerEpoch = 5, epochs, change = (batch) => batch } = options;
  return (start) => {
    let position = start;
    let recycled = 0;
    return {
      batchesPerEpoch,
      get recycled() {
        return recycled;
      },
      state: () => position,
      recycle: () => recycled++,
      async *[Symbol.asyncIterator]() {
        const end = epochs ?? position.epoch + 1;
        while (position.epoch < end) {
          const current = position;
          const { epoch, batch } = current;
          position =
            batch + 1 === batchesPerEpoch ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batch + 1 };
          yield change(tinyBatch(current, batchSize, batchesPerEpoch), current);
        }
      },
    };
  };
}

function tinyBatch(
  { epoch, batch }: BatchPosition,
  batchSize: number,
  batchesPerEpoch: number,
): TrainingBatch {
  const random = randomNumbers(1000 * epoch + batch + 1);
  const indices = Int32Array.from(
    { length: batchSize },
    (_, row) => ((batch + epoch) % batchesPerEpoch) * batchSize + row,
  );
  const labels = indices.map((index) => index % 3);
  const images = Float32Array.from({ length: batchSize * 4 }, (_, pixel) => {
    const label = labels[Math.floor(pixel / 4)] as number;
    return (pixel % 4 === label ? 1 : 0) + 0.3 * random();
  });
  return { images, shape: [batchSize, 2, 2, 1], labels, indices, epoch };
}
