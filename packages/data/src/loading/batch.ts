import { checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { type BatchMix, softTargets } from '../images/mix.ts';

/** What a loader delivers: images and labels of one step, as plain arrays. They are the receiver's to keep. */
export interface Batch {
  /** `[batch, height, width, channels]`, scaled. */
  readonly images: Float32Array;
  /** Its first number is smaller than the batch size where records were skipped or the epoch ends. */
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  /** `[batch]`: the class of each image; −1 where it has none. */
  readonly labels: Int32Array;
  /** `[batch]`: the number of each record in its source. */
  readonly indices: Int32Array;
  /** Set if the loader mixes images: with what, and how much. `softTargets` makes targets of it. */
  readonly mixed?: BatchMix;
  /** From 0. */
  readonly epoch: number;
  /** The number of the batch in its epoch, from 0. */
  readonly index: number;
  /** How many classes the source has. */
  readonly numClasses: number;
}

/** A batch as tensors, which the receiver disposes of. */
export interface BatchTensors {
  /** `[batch, height, width, channels]` float32 */
  readonly images: tf.Tensor4D;
  /** `[batch]` int32; for mixed batches soft targets `[batch, numClasses]` float32. Losses take both. */
  readonly labels: tf.Tensor1D | tf.Tensor2D;
}

/**
 * Makes tensors of a batch.
 * @param options `numClasses`: columns of soft targets, default the number of classes of the source
 * @throws DataError if a label of a mixed batch is not a class
 */
export function toTensors(batch: Batch, options: { readonly numClasses?: number } = {}): BatchTensors {
  const { images, shape, labels, mixed } = batch;
  const { numClasses = batch.numClasses } = options;
  checkNumber('toTensors: numClasses', numClasses, { minimum: 1, integer: true });
  const targets = mixed && softTargets(labels, mixed, numClasses);
  return {
    images: tf.tensor4d(images, [...shape]),
    labels: targets ? tf.tensor2d(targets, [labels.length, numClasses]) : tf.tensor1d(labels, 'int32'),
  };
}
