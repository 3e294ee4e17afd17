import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** One batch as plain arrays, such as `Batch` of `@openset/data`. */
export interface TrainingBatch {
  /** Pixels, row-major, in the range that the backbone expects. */
  readonly images: Float32Array;
  /** Shape of `images`. */
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  /** `[batch]`, the class of each image. */
  readonly labels: Int32Array;
  /** `[batch]`, the index of each image in its set; errors name these indices. */
  readonly indices?: Int32Array;
  /** Epoch, counted from 0; never decreases. */
  readonly epoch: number;
  /** Set if the images are mixed; the batch then needs a `toTensors` that returns soft targets. */
  readonly mixed?: unknown;
}

/** A position in a data source: that of the next batch. */
export interface BatchPosition {
  /** Epoch, counted from 0. */
  readonly epoch: number;
  /** Batch in the epoch, counted from 0. */
  readonly batch: number;
}

/**
 * Delivers batches in an order that depends on the position alone, such as a loader of `@openset/data`. Each iteration
 * starts at `state()` and ends with an epoch: the current one or a later one.
 */
export interface BatchSource<Batch extends TrainingBatch = TrainingBatch> extends AsyncIterable<Batch> {
  /** Number of batches in an epoch, for the estimate of the time left. */
  readonly batchesPerEpoch?: number;
  /** Returns the position of the next batch. */
  state(): BatchPosition;
  /** Takes back the memory of an unused batch. */
  recycle?(batch: Batch): void;
}

/** A batch as tensors; the receiver disposes of them. */
export interface BatchTensors {
  /** `[batch, height, width, channels]` float32 */
  readonly images: tf.Tensor4D;
  /** `[batch]` int32, or soft targets `[batch, numClasses]` float32 if the loss takes them. */
  readonly labels: tf.Tensor1D | tf.Tensor2D;
}

/**
 * Returns the tensors of a batch.
 * @throws ConfigError if the images are mixed
 */
export function toTensors({ images, shape, labels, mixed }: TrainingBatch): BatchTensors {
  if (mixed !== undefined) {
    throw new ConfigError(
      'The images of this batch are mixed, so it needs soft targets. Pass { toTensors } of @openset/data.',
    );
  }
  return { images: tf.tensor4d(images, [...shape]), labels: tf.tensor1d(labels, 'int32') };
}
