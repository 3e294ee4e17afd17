import * as tf from '@tensorflow/tfjs-core';
import { dropoutMask } from './dropout-mask.ts';
import { networkOperation } from './network-operation.ts';

/** Sum of two tensors of one shape. Keeps neither for its gradient, unlike `tf.add`. */
export function residualSum<T extends tf.Tensor>(a: T, b: T): T {
  return networkOperation<T>(
    [a, b],
    () => ({ value: tf.add(a, b) }),
    (dy) => [tf.clone(dy), tf.clone(dy)],
  );
}

/** `max(x, 0)`. Keeps its result, which the next layer keeps too, and not `x`, unlike `tf.relu`. */
export function relu<T extends tf.Tensor>(x: T): T {
  return networkOperation<T>(
    [x],
    () => {
      const value = tf.relu(x);
      return { value, saved: [value] };
    },
    (dy, [value]) => [tf.mul(dy, tf.step(value!))],
  );
}

/**
 * Inverted dropout: each value is 0 with the probability `rate`, and otherwise divided by `1 − rate`.
 * @param seed the same seed gives the same mask, on every backend
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, seed: number): T {
  return networkOperation<T>(
    [x],
    () => {
      const mask = tf.tensor(dropoutMask(x.size, rate, seed), x.shape);
      return { value: tf.mul(x, mask), saved: [mask] };
    },
    (dy, [mask]) => [tf.mul(dy, mask!)],
  );
}
