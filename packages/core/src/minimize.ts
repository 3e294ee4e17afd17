import * as tf from '@tensorflow/tfjs-core';
import { isBlockOptimizer } from './bank-update.ts';
import type { OpenSetLoss } from './contract.ts';
import { ConfigError } from './errors.ts';
import {
  explainMissingKernels,
  type LossGradients,
  type LossGradientsOptions,
  lossGradients,
} from './loss-gradients.ts';

/**
 * The variables of each optimizer, in the order of their first step. tfjs optimizers keep their slots (momentum, Adam's
 * moments) by position, so the order never changes, even when a part of a loss starts late.
 */
const variableOrder = new WeakMap<tf.Optimizer, tf.Variable[]>();

/**
 * Takes one training step: `lossGradients`, optimizer, `commit`, `dispose`.
 *
 * An optimizer that updates in blocks, such as those of `@openset/train`, never sees the whole gradient of class weights.
 *
 * A variable that this batch does not use, but an earlier one did, gets a gradient of zero: its momentum still moves it.
 *
 * @param embed computes the embeddings `[batch, embeddingSize]` of the batch; runs inside the gradient tape
 * @param labels `[batch]` int32, or soft targets `[batch, numClasses]` if the loss takes them
 * @returns the loss of the batch before the step; the caller disposes of it
 * @throws what `lossGradients` throws, before any variable changes; ConfigError if a variable that this optimizer has
 *   trained has been disposed of
 * @example
 * import { minimize } from '@openset/core';
 * import { CosFaceLoss } from '@openset/margin';
 * import * as tf from '@tensorflow/tfjs';
 *
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] })] });
 * const loss = new CosFaceLoss({ numClasses: 3, embeddingSize: 8 });
 * const [images, labels] = [tf.randomNormal([6, 4]), tf.tensor1d([0, 0, 1, 1, 2, 2], 'int32')];
 * const embed = () => model.apply(images, { training: true }) as tf.Tensor2D;
 * const value = minimize(tf.train.sgd(0.1), loss, embed, labels, { context: { epoch: 0 } });
 * console.log(value.dataSync()[0]);
 * value.dispose();
 */
export function minimize(
  optimizer: tf.Optimizer,
  loss: OpenSetLoss,
  embed: () => tf.Tensor2D,
  labels: tf.Tensor1D | tf.Tensor2D,
  options: LossGradientsOptions = {},
): tf.Scalar {
  const blockOptimizer = isBlockOptimizer(optimizer) ? optimizer : undefined;
  const { value, gradients, updates, step } = lossGradients(loss, embed, labels, {
    ...options,
    blockOptimizer,
  });
  const tensors: tf.Tensor[] = [...gradients.values()];
  try {
    const updated = updates.map(({ variable }) => variable);
    const applied = inFixedOrder(optimizer, gradients, tensors).filter(
      (_, index) => !updated.includes(variableOrder.get(optimizer)![index]!),
    );
    explainMissingKernels(() => {
      if (blockOptimizer) tensors.push(...updates.map((update) => update.apply(blockOptimizer)));
      optimizer.applyGradients(applied);
    });
    // Before the commit, which needs memory too.
    tf.dispose(tensors);
    step.commit();
    return value;
  } catch (error) {
    tf.dispose([value, ...tensors]);
    throw error;
  } finally {
    for (const update of updates) update.dispose();
    step.dispose();
  }
}

/** Returns a gradient for each variable of the optimizer; adds the zeros that it creates to `tensors`. */
function inFixedOrder(
  optimizer: tf.Optimizer,
  gradients: LossGradients['gradients'],
  tensors: tf.Tensor[],
): { name: string; tensor: tf.Tensor }[] {
  const order = variableOrder.get(optimizer) ?? [];
  variableOrder.set(optimizer, order);
  for (const variable of gradients.keys()) if (!order.includes(variable)) order.push(variable);
  const disposed = order.find(({ isDisposed }) => isDisposed);
  if (disposed) {
    throw new ConfigError(
      `This optimizer has trained the variable '${disposed.name}', which has been disposed of. tfjs optimizers keep ` +
        'moments by position, so it cannot drop the variable. Create a new optimizer.',
    );
  }
  return order.map((variable) => {
    const { name } = variable;
    // A frozen variable keeps its position; optimizers skip null.
    if (!variable.trainable) return { name, tensor: null as unknown as tf.Tensor };
    const gradient = gradients.get(variable);
    if (gradient) return { name, tensor: gradient };
    const zeros = tf.zerosLike(variable) as tf.Tensor;
    tensors.push(zeros);
    return { name, tensor: zeros };
  });
}
