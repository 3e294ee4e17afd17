import * as tf from '@tensorflow/tfjs-core';

/** How many values each channel (last axis) has. */
export function valuesPerChannel(x: tf.Tensor): number {
  return x.size / x.shape.at(-1)!;
}

/**
 * Sum over all axes but the last, `[channels]`; one axis after another, because backends that add up one value after
 * another in float32 lose digits in long sums.
 */
export function channelSums(x: tf.Tensor): tf.Tensor1D {
  let sums = x;
  while (sums.rank > 1) sums = tf.sum(sums, sums.rank - 2);
  return sums as tf.Tensor1D;
}
