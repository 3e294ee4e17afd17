import * as tf from '@tensorflow/tfjs-core';
import { saveWithoutCopies } from './storage.ts';

/**
 * Runs an operation with its own gradient: `tf.customGrad` with types for several inputs.
 * @param inputs the tensors that the operation is differentiable in
 * @param compute returns the value and the tensors that `gradient` needs; is not recorded on the tape
 * @param gradient returns the gradients of the inputs, in their order. Of `inputs` and other tensors of the forward pass, only
 *   those that `compute` saved still exist
 */
export function operation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  compute: () => { value: T; saved?: readonly tf.Tensor[] },
  gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): T {
  const custom = tf.customGrad<T>((...args) => {
    const save = args[inputs.length] as tf.GradSaveFunc;
    const { value, saved = [] } = compute();
    saveWithoutCopies(save, saved);
    const gradFunc = (dy: T, kept: tf.Tensor[]) => [...gradient(dy, kept)];
    return { value, gradFunc };
  });
  return custom(...inputs);
}

/**
 * Runs `compute` without recording it on the gradient tape, so that no gradient passes through its result. tfjs has no
 * stop-gradient of its own. Recorded comparisons would make the gradient fail, and recorded gathers need a kernel that
 * stock wasm lacks.
 */
export function stopGradient<T extends tf.Tensor>(compute: () => T): T {
  return operation(
    [],
    () => ({ value: compute() }),
    () => [],
  );
}

/** Returns `Σ weights[i] · losses[i]` of scalars. It has its own gradient, because plain tfjs-core registers none. */
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
