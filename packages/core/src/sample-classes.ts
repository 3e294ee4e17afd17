import * as tf from '@tensorflow/tfjs-core';
import { randomNumbers } from './initial-values.ts';
import { hasSynchronousReads } from './storage.ts';
import { stopGradient } from './tape.ts';

/**
 * Draws the classes that take part in a batch: all classes of its labels and random others, `count` together. All rows of
 * the batch share them (UniFace's code for `r`). The draw depends on `seed` and runs on the device, without reading the
 * labels.
 *
 * @param labels `[batch]` int32
 * @param count number of classes; raised to `min(batch, numClasses)`, so that all labels fit
 * @returns `[count]` int32, distinct
 */
export function sampleClasses(
  labels: tf.Tensor1D,
  { numClasses, count, seed }: { numClasses: number; count: number; seed: number },
): tf.Tensor1D {
  const size = Math.min(numClasses, Math.max(count, labels.shape[0]));
  return stopGradient(() => {
    const random = randomNumbers(seed);
    const scores = tf.tensor1d(Float32Array.from({ length: numClasses }, random));
    if (labels.shape[0] === 0) return tf.topk(scores, size, false).indices;
    const indices = tf.reshape(tf.cast(labels, 'int32'), [-1, 1]);
    const present = tf.fill([labels.shape[0]], 2);
    return tf.topk(tf.tensorScatterUpdate(scores, indices, present), size, false).indices as tf.Tensor1D;
  });
}

/**
 * Draws the classes of a batch as Partial FC does: those of its labels and random others, `⌊rate · numClasses⌋` together; if the
 * labels alone have more classes, exactly those. Where reading labels would stall the device, it takes no less than
 * `min(batch, numClasses)` classes.
 * @param labels `[batch]` int32
 * @returns `[count]` int32, distinct
 */
export function sampleClassShare(
  labels: tf.Tensor1D,
  { numClasses, rate, seed }: { numClasses: number; rate: number; seed: number },
): tf.Tensor1D {
  const count = Math.floor(rate * numClasses);
  const options = { numClasses, count, seed };
  if (labels.shape[0] <= count || !hasSynchronousReads()) return sampleClasses(labels, options);
  return stopGradient(() => sampleClasses(tf.tensor1d([...new Set(labels.dataSync())], 'int32'), options));
}
