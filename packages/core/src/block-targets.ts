import * as tf from '@tensorflow/tfjs-core';
import type { BatchLogits, LogitBlock } from './criterion.ts';

/** Returns the targets of a block after label smoothing, `[count, batch]`. */
export function blockTargets(block: LogitBlock, batchLogits: BatchLogits<LogitBlock>): tf.Tensor2D {
  const { softTargets, options, batch, numClasses } = batchLogits;
  const plain = block.isPositive
    ? tf.cast(block.isPositive, 'float32')
    : tf.transpose(tf.slice2d(softTargets as tf.Tensor2D, [0, block.start], [batch, block.count]));
  if (options.labelSmoothing === 0) return plain as tf.Tensor2D;
  return tf.add(
    tf.mul(plain, 1 - options.labelSmoothing),
    options.labelSmoothing / numClasses,
  ) as tf.Tensor2D;
}
