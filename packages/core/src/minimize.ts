import * as tf from '@tensorflow/tfjs-core';
import type { LossContext, LossStep, OpenSetLoss } from './contract.ts';
import { missingKernels } from './describe-backend.ts';
import { ConfigError } from './errors.ts';

/**
 * The order in which each optimizer was given its variables. tfjs optimizers keep their slots (momentum, Adam's
 * moments) by position, so the order may never change, also when a loss with a start epoch joins in later.
 */
const variableOrder = new WeakMap<tf.Optimizer, tf.Variable[]>();

/**
 * One training step: forward, gradients, optimizer, `commit`, `dispose`.
 *
 * @param embed computes the embeddings `[batch, embeddingSize]` of the batch; runs inside the gradient tape
 * @param labels `[batch]` int32 (or soft targets, where the loss takes them)
 * @param context the epoch, for losses that start later than at once
 * @param variables what to train; default: every trainable variable that `embed` and `loss` use
 *   A variable that a batch does not use gets a gradient of zero; a momentum that it has moves it on.
 * @returns the loss of the batch before the step; the caller disposes of it
 * @throws what `loss.forward` throws, before any variable is changed; MissingKernelError if the backend lacks a
 *   kernel for a gradient (on wasm: `import '@openset/wasm-kernels'`)
 * @example
 * const value = minimize(optimizer, loss, () => model.apply(images, { training: true }), labels, { epoch });
 */
export function minimize(
  optimizer: tf.Optimizer,
  loss: OpenSetLoss,
  embed: () => tf.Tensor2D,
  labels: tf.Tensor1D | tf.Tensor2D,
  context?: LossContext,
  variables?: readonly tf.Variable[],
): tf.Scalar {
  let step: LossStep | undefined;
  const made: tf.TensorContainer[] = [];
  try {
    const { value, grads } = tf.variableGrads(
      () => {
        step = loss.forward(embed(), labels, context);
        return step.loss;
      },
      variables && [...variables],
    );
    const result = tf.clone(value) as tf.Scalar;
    made.push(result, grads);
    optimizer.applyGradients(inFixedOrder(optimizer, grads));
    tf.dispose(grads);
    step?.commit();
    return result;
  } catch (error) {
    disposeTape();
    tf.dispose(made);
    throw explainMissingKernel(error);
  } finally {
    step?.dispose();
  }
}

function inFixedOrder(
  optimizer: tf.Optimizer,
  gradients: tf.NamedTensorMap,
): { name: string; tensor: tf.Tensor }[] {
  const registered = tf.engine().registeredVariables;
  const order = variableOrder.get(optimizer) ?? [];
  variableOrder.set(optimizer, order);
  for (const name of Object.keys(gradients)) {
    const variable = registered[name] as tf.Variable;
    if (!order.includes(variable)) order.push(variable);
  }
  const gone = order.find(({ isDisposed }) => isDisposed);
  if (gone) {
    throw new ConfigError(
      `This optimizer has trained the variable '${gone.name}', which was disposed of since. It keeps its moments by ` +
        'position, so it cannot go on without it: make a new optimizer.',
    );
  }
  if (order.length === 0) throw new ConfigError('Neither embed nor the loss uses a trainable variable.');
  return order.map((variable) => {
    // tfjs passes null for a variable that is frozen: it stays as it is, and so does its place.
    if (!variable.trainable) return { name: variable.name, tensor: null as unknown as tf.Tensor };
    // A variable that this batch did not use keeps its place, with a gradient of zero.
    gradients[variable.name] ??= tf.zerosLike(variable);
    return { name: variable.name, tensor: gradients[variable.name] as tf.Tensor };
  });
}

/** tfjs frees what the operations of a tape saved once it has the gradients; where that fails, all of it stays. */
function disposeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = [];
}

/** Turns tfjs's "Kernel … not registered" into an error that says what to do. */
function explainMissingKernel(error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  const match = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(text);
  if (!match) return error;
  return missingKernels(match[2] as string, [match[1] as string], 'This step', { cause: error });
}
