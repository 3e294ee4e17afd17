import { type LossContext, normalValues, type OpenSetLoss, randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes of the loss a conformance test wants. */
export interface LossSizes {
  readonly numClasses: number;
  readonly embeddingSize: number;
  readonly blockSize?: number;
  readonly seed?: number;
}

/** Makes the loss under test in the sizes asked for, with all other options as one likes (a scale near 16 suits). */
export type LossMaker = (sizes: LossSizes) => OpenSetLoss;

/** What differs from loss to loss. */
export interface LossConformanceOptions {
  /** Passed to every `forward`; give the epoch in which all parts of the loss count. */
  readonly context?: LossContext;
  /** Whether the loss normalises embeddings, so that their length does not matter; default true. */
  readonly normalized?: boolean;
  /**
   * For a loss that stops gradients (a detached margin, prototypes that move before the batch is scored): called with
   * the point at which the gradient is taken. Returns a function of the embeddings that has the same gradient there and stops
   * none: the stopped terms are frozen at this point. See `plainBankLoss`.
   */
  readonly surrogate?: (
    loss: OpenSetLoss,
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D,
  ) => (embeddings: tf.Tensor2D) => tf.Scalar;
}

/** A batch; the tensors belong to the enclosing `tf.tidy` or to the caller. */
export interface Batch {
  readonly embeddings: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
}

/** Small, odd sizes, so that mixed-up axes show. */
export const standardSizes: LossSizes = { numClasses: 7, embeddingSize: 6 };

/** A batch of normally distributed embeddings. */
export function makeBatch(labels: readonly number[], embeddingSize: number, seed: number): Batch {
  return {
    embeddings: normalValues([labels.length, embeddingSize], 1, seed),
    labels: tf.tensor1d([...labels], 'int32'),
  };
}

/** The loss in a state as after some training: every class has been seen, biases have started. */
export function warmLoss(make: LossMaker, sizes: LossSizes, context: LossContext | undefined): OpenSetLoss {
  const loss = make(sizes);
  const everyClass = Array.from({ length: sizes.numClasses }, (_, index) => index);
  for (const seed of [11, 12, 13])
    commitBatch(loss, makeBatch(everyClass, sizes.embeddingSize, seed), context);
  return loss;
}

/** Scores a batch, commits, and frees it. */
export function commitBatch(loss: OpenSetLoss, batch: Batch, context: LossContext | undefined): void {
  const step = loss.forward(batch.embeddings, batch.labels, context);
  step.commit();
  step.dispose();
  tf.dispose([batch.embeddings, batch.labels]);
}

/** A random order of `0 … count − 1`. */
export function permutation(count: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
