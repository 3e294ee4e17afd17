import * as tf from '@tensorflow/tfjs-core';

/** Returns the number of values of each channel (last axis). */
export function valuesPerChannel(x: tf.Tensor): number {
  return x.size / x.shape.at(-1)!;
}

/**
 * Returns the sum over all axes but the last, `[channels]`. It sums one axis after another, because backends that add
 * float32 values sequentially lose digits in long sums.
 */
export function channelSums(x: tf.Tensor): tf.Tensor1D {
  let sums = x;
  while (sums.rank > 1) sums = tf.sum(sums, sums.rank - 2);
  return sums as tf.Tensor1D;
}
