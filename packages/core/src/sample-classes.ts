import * as tf from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { gatherMixture, placesOfRows } from './bank-rows.ts';
import { randomNumbers } from './initial-values.ts';
import { hasSynchronousReads } from './storage.ts';
import { stopGradient } from './tape.ts';

/**
 * Draws the classes that take part in a batch: all classes of its labels and random others, `count` together. All rows of
 * the batch share them (UniFace's code for `r`). The draw depends on `seed` and runs on the device, without reading the
 * labels.
 *
 * @param labels `[batch]` int32
 * @param count number of classes; raised to `min(batch, numClasses)`, so that all labels fit
 * @returns `[count]` int32, distinct
 */
export function sampleClasses(
  labels: tf.Tensor1D,
  { numClasses, count, seed }: { numClasses: number; count: number; seed: number },
): tf.Tensor1D {
  const size = Math.min(numClasses, Math.max(count, labels.shape[0]));
  return stopGradient(() => {
    const random = randomNumbers(seed);
    const scores = tf.tensor1d(Float32Array.from({ length: numClasses }, random));
    const indices = tf.reshape(tf.cast(labels, 'int32'), [-1, 1]);
    const present = tf.fill([labels.shape[0]], 2);
    return tf.topk(tf.tensorScatterUpdate(scores, indices, present), size, false).indices as tf.Tensor1D;
  });
}

/**
 * Draws the classes of a batch as Partial FC does: those of its labels and random others, `⌊rate · numClasses⌋` together; if the
 * labels alone have more classes, exactly those. Where reading labels would stall the device, it takes no less than
 * `min(batch, numClasses)` classes.
 * @param labels `[batch]` int32
 * @returns `[count]` int32, distinct
 */
export function sampleClassShare(
  labels: tf.Tensor1D,
  { numClasses, rate, seed }: { numClasses: number; rate: number; seed: number },
): tf.Tensor1D {
  const count = Math.floor(rate * numClasses);
  const options = { numClasses, count, seed };
  if (labels.shape[0] <= count || !hasSynchronousReads()) return sampleClasses(labels, options);
  return stopGradient(() => sampleClasses(tf.tensor1d([...new Set(labels.dataSync())], 'int32'), options));
}

/** Returns the inputs restricted to some classes: their rows of bank and bias, and labels as positions among them. */
export function restrictToClasses(
  inputs: BankInputs,
  classes: tf.Tensor1D,
  { centers }: Pick<ResolvedBankOptions, 'centers'>,
): BankInputs {
  const { labels, bank, bias, mixture } = inputs;
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
    labels: tf.gather(positions, tf.cast(labels, 'int32')) as tf.Tensor1D,
    bank: tf.gather(bank, rows),
    bias: bias && bias.shape[0] !== 1 ? tf.gather(bias, classes) : bias,
    mixture: mixture && gatherMixture(mixture, rows),
  };
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
