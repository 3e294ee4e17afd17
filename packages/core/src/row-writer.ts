import * as tf from '@tensorflow/tfjs-core';
import { shapeText } from './errors.ts';
import { hasReachableMemory, memoryOf } from './storage.ts';

/**
 * Builds a `[rows, columns]` tensor block by block. Blocks come in order and cover all rows.
 *
 * tfjs has no operation that writes into part of a tensor; concatenating the blocks at the end would hold the
 * matrix twice, which for a bank of 200,000 classes is another 400 MB. On backends whose storage can be reached
 * (cpu, wasm) the blocks are copied into place; elsewhere they are concatenated.
 */
export interface RowWriter {
  /** Takes `block` `[n, columns]` as rows `start … start + n − 1`; the caller keeps ownership of it. */
  write(start: number, block: tf.Tensor2D): void;
  /** The whole tensor; the writer must not be used afterwards. */
  finish(): tf.Tensor2D;
}

export function createRowWriter(rows: number, columns: number): RowWriter {
  return hasReachableMemory() ? inPlaceWriter(rows, columns) : concatenatingWriter(rows, columns);
}

function inPlaceWriter(rows: number, columns: number): RowWriter {
  const whole = tf.fill([rows, columns], 0) as tf.Tensor2D;
  return {
    write: (start, block) => memoryOf(whole)!.set(memoryOf(block)!, start * columns),
    finish: () => whole,
  };
}

/** For backends whose storage cannot be reached. */
export function concatenatingWriter(rows: number, columns: number): RowWriter {
  const blocks: tf.Tensor2D[] = [];
  return {
    write: (_start, block) => blocks.push(tf.keep(tf.clone(block))),
    finish: () => {
      const whole = blocks.length === 1 ? tf.clone(blocks[0]!) : tf.concat2d(blocks, 0);
      for (const block of blocks) block.dispose();
      if (whole.shape[0] !== rows || whole.shape[1] !== columns) {
        throw new Error(`rows written: ${shapeText(whole.shape)}, expected ${shapeText([rows, columns])}`);
      }
      return whole;
    },
  };
}
