import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** One batch, as plain arrays; `Batch` of `@openset/data` is one. */
export interface TrainingBatch {
  /** Row-major, in the range that the backbone takes. */
  readonly images: Float32Array;
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  /** `[batch]`: the class of each image. */
  readonly labels: Int32Array;
  /** `[batch]`: the number of each image in its set; named where a batch spoils the run. */
  readonly indices?: Int32Array;
  /** From 0; never goes down. */
  readonly epoch: number;
  /** Set for batches whose images were mixed, which need a `toTensors` that makes soft targets of it. */
  readonly mixed?: unknown;
}

/** A place in a data source: the batch that comes next. */
export interface BatchPosition {
  /** From 0. */
  readonly epoch: number;
  /** In the epoch, from 0. */
  readonly batch: number;
}

/**
 * Delivers batches in an order that depends on the position alone; a loader of `@openset/data` does. Each iteration
 * goes on from `state()`, and ends at the end of an epoch, of this one or of a later one.
 */
export interface BatchSource<Batch extends TrainingBatch = TrainingBatch> extends AsyncIterable<Batch> {
  /** For the time that is left; may be missing. */
  readonly batchesPerEpoch?: number;
  /** The batch that comes next. */
  state(): BatchPosition;
  /** Takes back the memory of a batch that nothing uses any more. */
  recycle?(batch: Batch): void;
}

/** A batch as tensors, which the receiver disposes of. */
export interface BatchTensors {
  /** `[batch, height, width, channels]` float32 */
  readonly images: tf.Tensor4D;
  /** `[batch]` int32, or soft targets `[batch, numClasses]` float32 for losses that take them. */
  readonly labels: tf.Tensor1D | tf.Tensor2D;
}

/**
 * The tensors of a batch.
 * @throws ConfigError for a batch of mixed images
 */
export function toTensors({ images, shape, labels, mixed }: TrainingBatch): BatchTensors {
  if (mixed !== undefined) {
    throw new ConfigError(
      'The images of this batch are mixed, so it needs soft targets: pass { toTensors } of @openset/data.',
    );
  }
  return { images: tf.tensor4d(images, [...shape]), labels: tf.tensor1d(labels, 'int32') };
}
