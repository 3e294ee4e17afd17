import type { LossContext, LossStep, OpenSetLoss } from '@openset/core';
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
  const steps: LossStep[] = [];
  let grads: tf.NamedTensorMap = {};
  try {
    const pass = tf.variableGrads(() => {
      steps.push(loss.forward(input as tf.Tensor2D, labels, context));
      return steps[0]!.loss;
    }, [input, ...loss.trainable]);
    grads = pass.grads;
    if (commit) steps[0]?.commit();
    const read = async (variable: tf.Variable) =>
      ((await grads[variable.name]?.data()) as Float32Array | undefined) ?? new Float32Array(variable.size);
    return {
      loss: (await pass.value.data<'float32'>())[0]!,
      embeddings: await read(input),
      trainable: await Promise.all(loss.trainable.map(read)),
    };
  } finally {
    for (const step of steps) step.dispose();
    input.dispose();
    tf.dispose(grads);
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
