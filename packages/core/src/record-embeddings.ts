import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from './errors.ts';
import { explainMissingKernels } from './loss-gradients.ts';

/** Embeddings of a batch whose backward pass comes later. The caller disposes of them. */
export interface RecordedEmbeddings {
  /** `[batch, embeddingSize]` */
  readonly embeddings: tf.Tensor2D;
  /**
   * Runs the backward pass. Call it once, before any variable changes.
   * @param embeddingGradients gradients of the embeddings, of their shape
   * @returns one tensor for each variable that the batch uses and that is trainable; the caller disposes of them
   */
  gradients(embeddingGradients: tf.Tensor2D): Map<tf.Variable, tf.Tensor>;
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
  let tape: typeof state.activeTape | null = null;
  state.gradientDepth++;
  state.activeTape = [];
  try {
    embeddings = explainMissingKernels(() => tf.tidy(embed));
  } finally {
    state.gradientDepth--;
    tape = state.activeTape;
    state.activeTape = [];
    if (!embeddings) disposeTape(tape);
  }
  const recorded = embeddings;
  return {
    embeddings: recorded,
    gradients(embeddingGradients) {
      if (!tape)
        throw new ConfigError('The backward pass of these embeddings has run, or they were disposed of.');
      const kept = tape;
      tape = null;
      const trained = variables.filter(({ trainable }) => trainable);
      const result = new Map<tf.Variable, tf.Tensor>();
      if (trained.length === 0) {
        disposeTape(kept);
        return result;
      }
      // The engine starts a tape for this function; the kept one takes its place.
      const resume = () => {
        state.activeTape = kept;
        return recorded;
      };
      let gradients: readonly (tf.Tensor | undefined)[];
      try {
        gradients = explainMissingKernels(
          () => tf.engine().gradients(resume, trained, embeddingGradients, true).grads,
        );
      } catch (error) {
        disposeTape(kept);
        state.activeTape = [];
        throw error;
      }
      const seen = new Set<tf.Tensor>([embeddingGradients]);
      for (const [index, gradient] of gradients.entries()) {
        if (!gradient) continue;
        // A custom gradient may return one tensor for two variables, or the one that it was given.
        result.set(trained[index]!, seen.has(gradient) ? tf.clone(gradient) : gradient);
        seen.add(gradient);
      }
      return result;
    },
    dispose() {
      recorded.dispose();
      if (tape) disposeTape(tape);
      tape = null;
    },
  };
}

/** Frees what the operations on a tape saved. */
function disposeTape(tape: readonly { readonly saved?: readonly tf.Tensor[] }[]): void {
  for (const { saved = [] } of tape) tf.dispose([...saved]);
}
