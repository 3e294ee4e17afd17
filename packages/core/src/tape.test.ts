import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { shareStorage } from './storage.ts';
import { operation, stopGradient, weightedSum } from './tape.ts';

/** Returns `x²`; its gradient uses a saved tensor. */
const square = (x: tf.Tensor) =>
  operation(
    [x],
    () => ({ value: tf.square(x), saved: [tf.mul(x, 2)] }),
    (dy, [twice]) => [tf.mul(dy, twice!)],
  );

describeOnBackends('tape', () => {
  it('operation has its own gradient, from saved tensors', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    tf.tidy(() => {
      const x = tf.tensor1d([1, -2]);
      const { value, grad } = tf.valueAndGrad(square)(x);
      expect([...value.dataSync(), ...grad.dataSync()]).toEqual([1, 4, 2, -4]);
      expect([...square(x).dataSync()]).toEqual([1, 4]);
      // The chain rule: d x⁴ = 4 x³
      expect([
        ...tf
          .grad((y) => square(square(y)))(x)
          .dataSync(),
      ]).toEqual([4, -32]);
    });
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('operation has a gradient for each input, in their order', () => {
    tf.tidy(() => {
      const product = (a: tf.Tensor, b: tf.Tensor) =>
        operation(
          [a, b],
          () => ({ value: tf.mul(a, b), saved: [b, a] }),
          (dy, kept) => kept.map((other) => tf.mul(dy, other)),
        );
      const gradients = tf.grads(product)([tf.scalar(3), tf.scalar(5)]);
      expect(gradients.map((gradient) => gradient.dataSync()[0])).toEqual([5, 3]);
    });
  });

  it('operation saves storage, not a copy of it', () => {
    tf.tidy(() => {
      let storage: object | undefined;
      const gradient = tf.grad((x) =>
        operation(
          [x],
          () => {
            const saved = tf.mul(x, 2);
            storage = saved.dataId;
            return { value: tf.square(x), saved: [saved] };
          },
          (_, [saved]) => {
            expect(saved!.dataId).toBe(storage);
            return [shareStorage(saved!)];
          },
        ),
      );
      expect([...gradient(tf.tensor1d([1, 2])).dataSync()]).toEqual([2, 4]);
    });
  });

  it('stopGradient stops the gradient', () => {
    tf.tidy(() => {
      const x = tf.scalar(3);
      // x² + sg(x²): value 18, gradient of the first term only
      const f = (y: tf.Tensor) =>
        weightedSum([square(y) as tf.Scalar, stopGradient(() => tf.square(y)) as tf.Scalar], [1, 1]);
      const { value, grad } = tf.valueAndGrad(f)(x);
      expect([value.dataSync()[0], grad.dataSync()[0]]).toEqual([18, 6]);
      // A comparison, which has no gradient, is allowed inside.
      const masked = (y: tf.Tensor) => {
        const mask = stopGradient(() => tf.cast(tf.greater(y, 0), 'float32'));
        return weightedSum([square(y) as tf.Scalar, mask as tf.Scalar], [1, 1]);
      };
      expect(tf.grad(masked)(x).dataSync()[0]).toBe(6);
    });
  });

  it('weightedSum adds with weights, forward and backward', () => {
    tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((a, b, c) =>
        weightedSum([a, b, c] as tf.Scalar[], [1, -0.5, 2]),
      )([tf.scalar(1), tf.scalar(4), tf.scalar(10)]);
      // 1 − 2 + 20
      expect(value.dataSync()[0]).toBe(19);
      expect(grads.map((grad) => grad.dataSync()[0])).toEqual([1, -0.5, 2]);
    });
  });
});
