import { type LossContext, normalValues, type OpenSetLoss, randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes with which a conformance test creates the loss. */
export interface LossSizes {
  /** Number of classes. */
  readonly numClasses: number;
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
  /** Classes in a block; default the loss's. */
  readonly blockSize?: number;
  /** Seed of the class weights; default the loss's. */
  readonly seed?: number;
}

/** Creates the loss under test with the given sizes. Other options are free; a scale near 16 suits finite differences. */
export type LossMaker = (sizes: LossSizes) => OpenSetLoss;

/** Options of the conformance suite that depend on the loss. */
export interface LossConformanceOptions {
  /** Context of every `forward`; set the epoch to one in which all parts of the loss count. */
  readonly context?: LossContext;
  /** Whether the loss normalises embeddings, so that their length has no effect; default true. */
  readonly normalized?: boolean;
  /** Smallest batch, in rows; the loss must refuse smaller ones with a ShapeError. Default 1. */
  readonly smallestBatch?: number;
  /**
   * For a loss that stops gradients, such as a detached margin, or prototypes that are updated before the batch is scored.
   * `'elsewhere'`: another test compares its gradients with finite differences, and this one does not.
   */
  readonly surrogate?: Surrogate | 'elsewhere';
}

/**
 * Returns a function of the embeddings `[batch, embeddingSize]` that has the gradient of the loss at one point, and in which the
 * terms whose gradient is stopped are constants. `loss` is in the state before the batch. `plainCriterion` and `plainBankLoss` help to write one.
 * @param embeddings the point, `[batch, embeddingSize]`
 * @param labels `[batch]` int32
 */
export type Surrogate = (
  loss: OpenSetLoss,
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
) => (embeddings: tf.Tensor2D) => tf.Scalar;

/** Inputs of a loss. The caller, or the enclosing `tf.tidy`, disposes of the tensors. */
export interface Batch {
  readonly embeddings: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
}

/** Small, distinct sizes, so that swapped axes fail. */
export const standardSizes: LossSizes = { numClasses: 7, embeddingSize: 6 };

/** Returns embeddings `[labels.length, embeddingSize]` from `N(0, 1)`, with these labels. */
export function makeBatch(labels: readonly number[], embeddingSize: number, seed: number): Batch {
  return {
    embeddings: normalValues([labels.length, embeddingSize], 1, seed),
    labels: tf.tensor1d([...labels], 'int32'),
  };
}

/** Returns a loss after three batches of all classes, so that every memory is filled and every bias has started. */
export function warmLoss(make: LossMaker, sizes: LossSizes, context: LossContext | undefined): OpenSetLoss {
  const loss = make(sizes);
  const everyClass = Array.from({ length: sizes.numClasses }, (_, index) => index);
  for (const seed of [11, 12, 13])
    commitBatch(loss, makeBatch(everyClass, sizes.embeddingSize, seed), context);
  return loss;
}

/** Scores a batch, commits the step, and disposes of the batch. */
export function commitBatch(loss: OpenSetLoss, batch: Batch, context: LossContext | undefined): void {
  const step = loss.forward(batch.embeddings, batch.labels, context);
  step.commit();
  step.dispose();
  tf.dispose([batch.embeddings, batch.labels]);
}

/** Returns a random permutation of `0 … count − 1`. */
export function permutation(count: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
