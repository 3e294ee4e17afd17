import {
  type BankInputs,
  copyShard,
  hasSynchronousReads,
  meanNegativeLogSumExp,
  meanOfShards,
  operation,
  type ResolvedBankOptions,
  stopGradient,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Returns what to add to a bias that has not started, as in the official code. A bias has started once its mean is above 0;
 * if training pushes the mean back, the bias starts again. A unified bias is set to `mean_i log Σ_{j≠y_i} exp(γ g_ij)`;
 * diverse biases are raised by that value.
 *
 * @param bias `[1]` (unified) or `[numClasses]` (diverse)
 * @param hold keeps the result until `commit`
 * @returns `[1]`; null if the bias is known to have started, which saves a pass over the memory
 */
export function dataDrivenOffset(
  bias: tf.Tensor1D,
  inputs: Pick<BankInputs, 'embeddings' | 'labels' | 'bank'>,
  options: ResolvedBankOptions,
  hold: <T extends tf.Tensor>(tensor: T) => T,
): tf.Tensor1D | null {
  const meanOfAll = meanOfShards(bias);
  if (hasSynchronousReads() && (meanOfAll ?? mean(bias.dataSync())) > 0) return null;
  return stopGradient(() => {
    const start = meanNegativeLogSumExp(inputs, options);
    const isUnified = bias.shape[0] === 1 && meanOfAll === null;
    const target = isUnified ? tf.sub(start, bias) : start;
    const waiting = tf.lessEqual(meanOfAll ?? tf.mean(bias), 0);
    return hold(tf.where(waiting, target, tf.zerosLike(start))) as tf.Tensor1D;
  });
}

/** Returns `bias + offset`, in the shape of the bias. Only the bias gets a gradient. */
export function withOffset(bias: tf.Tensor1D, offset: tf.Tensor1D): tf.Tensor1D {
  const sum = operation(
    [bias],
    () => ({ value: tf.add(bias, offset) as tf.Tensor1D }),
    (dy) => [tf.clone(dy)],
  );
  return copyShard(sum, bias);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
