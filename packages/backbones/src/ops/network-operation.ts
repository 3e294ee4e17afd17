import { operation } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs an operation inside a network that has its own gradient, and frees memory during the backward pass.
 *
 * The tape of tfjs keeps all activations and all their gradients until the last gradient is computed. This operation frees
 * its saved activations and its upstream gradient once its own gradients exist, so that the peak is about the size of the
 * activations. That is safe for values that only the network uses. The gradient of the network's output belongs to the
 * caller: `barrier` protects it.
 *
 * @param inputs the tensors that the operation is differentiable in
 * @param compute returns the value and the tensors that `gradient` needs; is not recorded
 * @param gradient returns the gradients of the inputs, in their order: new tensors, never `dy` itself
 */
export function networkOperation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  compute: () => { value: T; saved?: readonly tf.Tensor[] },
  gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): T {
  return operation(inputs, compute, (dy, saved) => {
    const gradients = tf.tidy(() => [...gradient(dy, saved)]);
    if (ownsGradients()) tf.dispose([dy, ...saved]);
    return gradients;
  });
}

/**
 * Returns whether an operation in the backward pass owns its upstream gradient and its saved tensors. Second derivatives
 * would read them again.
 */
export function ownsGradients(): boolean {
  return tf.engine().state.gradientDepth === 0;
}

/**
 * Runs an operation with two results like {@link networkOperation}. Its gradient runs after those of all readers of either
 * result. Of a result that does not affect the loss, the gradient is zero.
 */
export function branchingOperation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  compute: () => { values: [T, T]; saved: readonly tf.Tensor[] },
  gradient: (dys: readonly [T, T], saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): [T, T] {
  // tf.customGrad, which calls this method of the engine, takes functions with one result only.
  const engine = tf.engine() as unknown as CustomOperations<T>;
  return engine.runKernelFunc({
    inputs: { ...inputs } as unknown as tf.NamedTensorMap,
    forwardFunc: (_, save) => {
      const { values, saved } = compute();
      save([...saved]);
      return values;
    },
    backwardsFunc: (dys, saved) => {
      const gradients = tf.tidy(() => [...gradient(dys, saved)]);
      if (ownsGradients()) tf.dispose([...dys, ...saved]);
      return Object.fromEntries(gradients.map((each, index) => [index, () => each]));
    },
  });
}

/** The engine's method behind `tf.customGrad`. */
interface CustomOperations<T> {
  runKernelFunc(operation: {
    inputs: tf.NamedTensorMap;
    forwardFunc: (backend: unknown, save: tf.GradSaveFunc) => [T, T];
    backwardsFunc: (dys: [T, T], saved: tf.Tensor[]) => Record<string, () => tf.Tensor>;
  }): [T, T];
}

/** Returns the value unchanged. Clones the upstream gradient, so that the network frees the clone and not the original. */
export function barrier<T extends tf.Tensor>(value: T): T {
  return operation(
    [value],
    () => ({ value: tf.clone(value) }),
    (dy) => [tf.clone(dy)],
  );
}

/** Runs a kernel of the active backend by its name. @returns its outputs */
export function runKernel(name: string, inputs: tf.NamedTensorMap, attributes: object = {}): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
}
