import * as tf from '@tensorflow/tfjs-core';
import { disposeTape, type FinalGradients, type Tape, walkBack } from './backward-pass.ts';
import { ConfigError } from './errors.ts';
import { explainMissingKernels } from './loss-gradients.ts';

/** Embeddings of a batch whose backward pass comes later. The caller disposes of them. */
export interface RecordedEmbeddings {
  /** `[batch, embeddingSize]` */
  readonly embeddings: tf.Tensor2D;
  /**
   * Runs the backward pass, one operation at each step of the iteration. Call it once, and iterate it to the end before any variable changes.
   * @param embeddingGradients gradients of the embeddings, of their shape
   * @returns the gradients that are final after each operation, of the trainable variables that the batch uses; the caller disposes of them
   */
  backward(embeddingGradients: tf.Tensor2D): Generator<FinalGradients, void, undefined>;
  /** Frees the embeddings and what the backward pass needs; safe to call more than once. */
  dispose(): void;
}

/**
 * Computes embeddings on a gradient tape that is kept, so that a program can wait between the forward and the backward pass, such as for the
 * embeddings of other machines. Other gradients may be computed meanwhile. tfjs itself computes both passes in one call.
 *
 * @param embed computes the embeddings `[batch, embeddingSize]` of the batch
 * @param variables variables to differentiate by
 * @throws ConfigError inside another gradient function; what `embed` throws, and then nothing is kept
 */
export function recordEmbeddings(
  embed: () => tf.Tensor2D,
  variables: readonly tf.Variable[],
): RecordedEmbeddings {
  const { state } = tf.engine();
  if (state.gradientDepth > 0)
    throw new ConfigError('recordEmbeddings cannot run inside another gradient function.');
  let embeddings: tf.Tensor2D | undefined;
  let tape: Tape = [];
  state.gradientDepth++;
  state.activeTape = [];
  try {
    embeddings = explainMissingKernels(() => tf.tidy(embed));
  } finally {
    state.gradientDepth--;
    tape = state.activeTape ?? [];
    state.activeTape = [];
    if (!embeddings) disposeTape(tape);
  }
  const [recorded, kept] = [embeddings, tape];
  let hasRun = false;
  return {
    embeddings: recorded,
    backward(embeddingGradients) {
      if (hasRun)
        throw new ConfigError('The backward pass of these embeddings has run, or they were disposed of.');
      hasRun = true;
      const trained = variables.filter(({ trainable }) => trainable);
      return walkBack(kept, recorded, embeddingGradients, trained);
    },
    dispose() {
      recorded.dispose();
      disposeTape(kept);
      hasRun = true;
    },
  };
}
