import * as tf from '@tensorflow/tfjs-core';
import { shapeText } from './errors.ts';
import { hasReachableMemory, memoryOf } from './storage.ts';

/**
 * Builds a `[rows, columns]` tensor block by block. Blocks come in order and cover all rows.
 *
 * tfjs has no operation that writes into part of a tensor. Concatenating the blocks at the end holds the matrix twice,
 * which is another 400 MB for a bank of 200,000 classes. So blocks are copied into place on backends with reachable memory
 * (cpu, wasm), and concatenated on others.
 */
export interface RowWriter {
  /** Writes `block` `[n, columns]` to rows `start … start + n − 1`. The caller keeps ownership of it. */
  write(start: number, block: tf.Tensor2D): void;
  /** Returns the whole tensor. The writer must not be used afterwards. */
  finish(): tf.Tensor2D;
}

/** Returns the writer for the active backend. */
export function createRowWriter(rows: number, columns: number): RowWriter {
  return hasReachableMemory() ? createInPlaceWriter(rows, columns) : createConcatenatingWriter(rows, columns);
}

function createInPlaceWriter(rows: number, columns: number): RowWriter {
  const whole = tf.fill([rows, columns], 0) as tf.Tensor2D;
  return {
    write: (start, block) => memoryOf(whole)!.set(memoryOf(block)!, start * columns),
    finish: () => whole,
  };
}

/** Returns a writer for backends whose memory cannot be reached. */
export function createConcatenatingWriter(rows: number, columns: number): RowWriter {
  const blocks: tf.Tensor2D[] = [];
  return {
    write: (_start, block) => blocks.push(tf.keep(tf.clone(block))),
    finish: () => {
      const whole = blocks.length === 1 ? tf.clone(blocks[0]!) : tf.concat2d(blocks, 0);
      for (const block of blocks) block.dispose();
      if (whole.shape[0] !== rows || whole.shape[1] !== columns) {
        throw new Error(
          `The blocks written have shape ${shapeText(whole.shape)}, expected ${shapeText([rows, columns])}.`,
        );
      }
      return whole;
    },
  };
}
