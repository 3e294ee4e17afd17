import { type LossContext, lossGradients, type OpenSetLoss, operation } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Results of one forward and backward pass, as plain numbers and arrays. */
export interface LossEvaluation {
  /** Mean loss of the batch. */
  readonly loss: number;
  /** Losses of the samples, `batch` values; null if the loss has none. */
  readonly rowLosses: Float32Array | null;
  /** Gradient of the embeddings, `batch · embeddingSize` values, row-major. */
  readonly embeddings: Float32Array;
  /** Gradients of the trainable variables, in the order of `loss.trainable`; zeros for a variable without a gradient. */
  readonly trainable: readonly Float32Array[];
}

/**
 * Returns the loss of a batch and all its gradients.
 * @param embeddings `[batch, embeddingSize]`
 * @param labels `[batch]` int32, or soft targets `[batch, numClasses]`
 * @param options `context` of `forward`; `commit`: whether to commit the state change of the step (default false)
 * @throws ShapeError, DataError, ConfigError as `forward` does
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
    const result = lossGradients(loss, () => networkOutput(input), labels, { context, variables });
    const { value, gradients, step } = result;
    try {
      if (commit) step.commit();
      const read = async (variable: tf.Variable) =>
        ((await gradients.get(variable)?.data()) as Float32Array | undefined) ??
        new Float32Array(variable.size);
      return {
        loss: (await value.data<'float32'>())[0]!,
        rowLosses: ((await step.rowLosses?.data()) as Float32Array | undefined) ?? null,
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

/** Returns the embeddings as a network does: as a tensor that is gone when the backward pass runs. */
function networkOutput(input: tf.Variable): tf.Tensor2D {
  return operation<tf.Tensor2D>(
    [input],
    () => ({ value: tf.mul(input, 1) as tf.Tensor2D }),
    (dy) => [tf.clone(dy)],
  );
}

/** Returns the state of a loss as plain arrays by name; integer tensors become `Int32Array`. */
export async function numericState(loss: OpenSetLoss): Promise<Record<string, Float32Array>> {
  const state = loss.getState();
  const entries = Object.entries(state).map(async ([name, tensor]) => [name, await tensor.data()] as const);
  const values = Object.fromEntries(await Promise.all(entries)) as Record<string, Float32Array>;
  tf.dispose(state);
  return values;
}
