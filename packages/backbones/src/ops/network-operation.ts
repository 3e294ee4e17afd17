import { operation } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * An operation inside a network that brings its own gradient, and frees what the backward pass needs no more.
 *
 * The tape of tfjs holds all activations and the gradients of all activations until the last gradient is known. Here
 * both go as soon as the operation's own gradients exist, so that the peak is about the activations alone. That is
 * safe for values which only the network sees; the gradient of its output is someone else's and passes `barrier`.
 *
 * @param inputs what it is differentiable in
 * @param compute the value, and what `gradient` will need of it; runs without being recorded
 * @param gradient the gradients of the inputs, in their order: new tensors, never `dy` itself
 */
export function networkOperation<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  compute: () => { value: T; saved?: readonly tf.Tensor[] },
  gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): T {
  return operation(inputs, compute, (dy, saved) => {
    const gradients = tf.tidy(() => [...gradient(dy, saved)]);
    // Gradients of gradients would read them again.
    if (tf.engine().state.gradientDepth === 0) tf.dispose([dy, ...saved]);
    return gradients;
  });
}

/** The value itself; keeps the gradient that comes from outside apart from those that the network frees. */
export function barrier<T extends tf.Tensor>(value: T): T {
  return operation(
    [value],
    () => ({ value: tf.clone(value) }),
    (dy) => [tf.clone(dy)],
  );
}

/** Runs a kernel of the active backend by its name. */
export function runKernel(name: string, inputs: tf.NamedTensorMap, attributes: object = {}): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
}
