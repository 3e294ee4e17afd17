import * as tf from '@tensorflow/tfjs-core';

/** Backends whose values can be read at once, without waiting for a device. */
const readableBackends: ReadonlySet<string> = new Set(['cpu', 'wasm', 'tensorflow']);

/** True where reading a tensor's values synchronously costs next to nothing (cpu, wasm, tfjs-node). */
export function readingIsFree(): boolean {
  return readableBackends.has(tf.getBackend());
}

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

/** A tensor on the storage of another, as `tf.clone` gives it; on stock wasm `tf.clone` copies the values. */
export function shared<T extends tf.Tensor>(tensor: T): T {
  return tf.reshape(tensor, tensor.shape) as tf.Tensor as T;
}

/** The tape keeps a clone of what is saved: a bank's gradient would be held twice on stock wasm. */
function saveShared(save: tf.GradSaveFunc, tensors: readonly tf.Tensor[]): void {
  if (tf.getBackend() !== 'wasm') {
    save([...tensors]);
    return;
  }
  // For the one synchronous call: tfjs offers no other way to say what is kept.
  const engine = tf.engine() as unknown as { clone: (tensor: tf.Tensor) => tf.Tensor };
  const { clone } = engine;
  engine.clone = shared;
  try {
    save([...tensors]);
  } finally {
    engine.clone = clone;
  }
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
