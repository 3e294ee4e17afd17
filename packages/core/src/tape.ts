import * as tf from '@tensorflow/tfjs-core';
import { saveShared } from './storage.ts';

/**
 * An operation that brings its own gradient: `tf.customGrad`, with types that fit several inputs.
 * @param inputs what it is differentiable in
 * @param compute the value, and the tensors that `gradient` will need; runs without being recorded
 * @param gradient the gradients of the inputs, in their order
 */
export function operation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  compute: () => { value: T; saved?: readonly tf.Tensor[] },
  gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): T {
  const custom = tf.customGrad<T>((...args) => {
    const save = args[inputs.length] as tf.GradSaveFunc;
    const { value, saved = [] } = compute();
    saveShared(save, saved);
    const gradFunc = (dy: T, kept: tf.Tensor[]) => [...gradient(dy, kept)];
    return { value, gradFunc };
  });
  return custom(...inputs);
}

/**
 * Runs `compute` without recording it on the gradient tape: the stop-gradient of tfjs, which has none of its
 * own (comparisons and gathers inside a taped function would make the gradient fail or miss a kernel).
 */
export function untaped<T extends tf.Tensor>(compute: () => T): T {
  return operation(
    [],
    () => ({ value: compute() }),
    () => [],
  );
}

/** `Σ weights[i] · losses[i]` of scalars, with its gradient built in (plain tfjs-core registers none). */
export function weightedSum(losses: readonly tf.Scalar[], weights: readonly number[]): tf.Scalar {
  return operation(
    losses,
    () => {
      const terms = losses.map((loss, index) => tf.mul(loss, weights[index]!) as tf.Scalar);
      return { value: terms.reduce((sum, term) => tf.add(sum, term)) };
    },
    (dy) => losses.map((_, index) => (weights[index] === 1 ? tf.clone(dy) : tf.mul(dy, weights[index]!))),
  );
}
