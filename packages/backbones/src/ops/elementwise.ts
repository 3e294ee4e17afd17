import * as tf from '@tensorflow/tfjs-core';
import { dropoutMask } from './dropout-mask.ts';
import { networkOperation } from './network-operation.ts';

/** Returns the sum of two tensors of the same shape. Keeps neither for its gradient, unlike `tf.add`. */
export function residualSum<T extends tf.Tensor>(a: T, b: T): T {
  return networkOperation<T>(
    [a, b],
    () => ({ value: tf.add(a, b) }),
    (dy) => [tf.clone(dy), tf.clone(dy)],
  );
}

/** Returns `max(x, 0)`. Keeps its result, which the next layer also keeps, instead of `x` as `tf.relu` does. */
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
 * Applies inverted dropout: each value becomes 0 with probability `rate`, else it is divided by `1 − rate`.
 * @param seed determines the mask, which is the same on every backend
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
