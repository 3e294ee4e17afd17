import { type LossContext, lossGradients, type OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Values of one forward and backward pass, read back as plain arrays. */
export interface LossEvaluation {
  readonly loss: number;
  /** Of the embeddings, row-major. */
  readonly embeddings: Float32Array;
  /** Of each trainable variable, in the order of `loss.trainable`; zeros where it takes no part. */
  readonly trainable: readonly Float32Array[];
}

/**
 * The loss of a batch and all its gradients, taken through the public API.
 * @param commit whether the step's state change is carried out; default false
 */
export async function lossAndGradients(
  loss: OpenSetLoss,
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D | tf.Tensor2D,
  { context, commit = false }: { context?: LossContext | undefined; commit?: boolean } = {},
): Promise<LossEvaluation> {
  const input = tf.variable(embeddings) as tf.Variable;
  try {
    const variables = [input, ...loss.trainable];
    const result = lossGradients(loss, () => input as tf.Tensor2D, labels, { context, variables });
    const { value, gradients, step } = result;
    try {
      if (commit) step.commit();
      const read = async (variable: tf.Variable) =>
        ((await gradients.get(variable)?.data()) as Float32Array | undefined) ??
        new Float32Array(variable.size);
      return {
        loss: (await value.data<'float32'>())[0]!,
        embeddings: await read(input),
        trainable: await Promise.all(loss.trainable.map(read)),
      };
    } finally {
      step.dispose();
      tf.dispose([value, ...gradients.values()]);
    }
  } finally {
    input.dispose();
  }
}

/** The state of a loss as plain arrays by name. */
export async function numericState(loss: OpenSetLoss): Promise<Record<string, Float32Array>> {
  const state = loss.getState();
  const entries = Object.entries(state).map(async ([name, tensor]) => [name, await tensor.data()] as const);
  const values = Object.fromEntries(await Promise.all(entries)) as Record<string, Float32Array>;
  tf.dispose(state);
  return values;
}
