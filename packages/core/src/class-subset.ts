import * as tf from '@tensorflow/tfjs-core';
import { findBankLossKernel } from './bank-loss-kernel.ts';
import { type ComputeBankLoss, computeBankLoss, kernelSupports } from './bank-loss-operation.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { gatherMixture, placesOfRows } from './bank-rows.ts';

/** Computes the loss over the classes that `inputs.classes` selects; over all of them without a selection. */
export const computeSubsetLoss: ComputeBankLoss = (inputs, options, gradients) => {
  const { classes } = inputs;
  if (!classes || (findBankLossKernel()?.takesClasses && kernelSupports(inputs, options))) {
    return computeBankLoss(inputs, options, gradients);
  }
  const outputs = computeBankLoss(restrictToClasses(inputs, classes, options), options, gradients);
  return gradients ? scatterToAllClasses(outputs, inputs, classes, options) : outputs;
};

/** Returns the inputs restricted to some classes: their rows of bank and bias, and labels as positions among them. */
export function restrictToClasses(
  inputs: BankInputs,
  classes: tf.Tensor1D,
  { centers }: Pick<ResolvedBankOptions, 'centers'>,
): BankInputs {
  const { labels, bank, bias, mixture, shard } = inputs;
  const count = classes.shape[0];
  const positions = tf.tensorScatterUpdate(
    tf.fill([bank.shape[0] / centers], 0, 'int32'),
    tf.reshape(classes, [count, 1]),
    tf.range(0, count, 1, 'int32'),
  );
  const rows = placesOfRows(classes, centers);
  return {
    ...inputs,
    classes: undefined,
    labels: shard
      ? heldPositions(positions, labels as tf.Tensor1D)
      : (tf.gather(positions, tf.cast(labels, 'int32')) as tf.Tensor1D),
    bank: tf.gather(bank, rows),
    bias: bias && bias.shape[0] !== 1 ? tf.gather(bias, classes) : bias,
    mixture: mixture && gatherMixture(mixture, rows),
  };
}

/** Returns the positions of labels; −1 for those of another shard. */
function heldPositions(positions: tf.Tensor, labels: tf.Tensor1D): tf.Tensor1D {
  const none = tf.scalar(-1, 'int32');
  const held = tf.gather(positions, tf.maximum(labels, tf.scalar(0, 'int32')) as tf.Tensor1D);
  return tf.where(tf.equal(labels, none), tf.fill(labels.shape, -1, 'int32'), held) as tf.Tensor1D;
}

/** Scatters gradients of the rows of some classes to all classes; the others get 0. */
export function scatterToAllClasses(
  outputs: readonly tf.Tensor[],
  { bank, bias }: BankInputs,
  classes: tf.Tensor1D,
  { bankGradient, centers }: ResolvedBankOptions,
): tf.Tensor[] {
  const [loss, rowLosses, embeddings, ...rest] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
  const scatter = (places: tf.Tensor1D, gradient: tf.Tensor, shape: number[]) =>
    tf.scatterND(tf.reshape(places, [places.shape[0], 1]), gradient, shape);
  const scattered = [loss, rowLosses, embeddings];
  if (bankGradient)
    scattered.push(scatter(placesOfRows(classes, centers), rest.shift() as tf.Tensor, bank.shape));
  if (bias) {
    const gradient = rest.shift() as tf.Tensor;
    scattered.push(bias.shape[0] === 1 ? gradient : scatter(classes, gradient, bias.shape));
  }
  return [...scattered, ...rest];
}
