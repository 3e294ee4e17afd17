import { checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { type BatchMix, softTargets } from '../images/mix.ts';

/** Images and labels of one training step, as plain arrays. The receiver may keep or modify them. */
export interface Batch {
  /** `[batch, height, width, channels]`, scaled. */
  readonly images: Float32Array;
  /** Shape of `images`; its first number is below the batch size if records were skipped or the epoch ends. */
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  /** `[batch]`: the class of each image; −1 for none. */
  readonly labels: Int32Array;
  /** `[batch]`: the index of each record in its source. */
  readonly indices: Int32Array;
  /** Partners and share, if the loader mixes images; `softTargets` computes targets from it. */
  readonly mixed?: BatchMix;
  /** Epoch, from 0. */
  readonly epoch: number;
  /** Index of the batch in its epoch, from 0. */
  readonly index: number;
  /** Number of classes of the source. */
  readonly numClasses: number;
}

/** A batch as tensors; the receiver disposes them. */
export interface BatchTensors {
  /** `[batch, height, width, channels]` float32 */
  readonly images: tf.Tensor4D;
  /** `[batch]` int32; for mixed batches, soft targets `[batch, numClasses]` float32. Losses accept both. */
  readonly labels: tf.Tensor1D | tf.Tensor2D;
}

/**
 * Converts a batch to tensors.
 * @param options `numClasses`: columns of soft targets; default: the number of classes of the source
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
