import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { convolution, globalDepthwiseConvolution, product } from './linear.ts';

type Binary = (x: tf.Tensor, weight: tf.Tensor) => tf.Tensor;

/** Returns the value and both gradients for a fixed upstream gradient. */
async function evaluate(f: Binary, shapes: [number[], number[]]): Promise<Float32Array[]> {
  const results = tf.tidy(() => {
    const inputs = shapes.map((shape, index) => tf.randomNormal(shape, 0, 1, 'float32', index + 1));
    const value = f(inputs[0]!, inputs[1]!);
    const dy = tf.randomNormal(value.shape, 0, 1, 'float32', 9);
    return [value, ...tf.grads((x, weight) => tf.sum(tf.mul(f(x!, weight!), dy)))(inputs)];
  });
  const values = await Promise.all(results.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(results);
  return values;
}

async function expectSame(ours: Binary, plain: Binary, shapes: [number[], number[]]): Promise<void> {
  const before = tf.memory().numTensors;
  const [found, expected] = [await evaluate(ours, shapes), await evaluate(plain, shapes)];
  expect(tf.memory().numTensors).toBe(before);
  found.forEach((values, index) => {
    expect(relativeError(values, expected[index]!), `result ${index}`).toBeLessThan(1e-5);
  });
}

describeOnBackends('linear operations agree with those of tfjs', () => {
  it.each([
    { kernel: 3, stride: 1, padding: 'same' },
    { kernel: 2, stride: 2, padding: 'valid' },
    { kernel: 1, stride: 1, padding: 'valid' },
    { kernel: 3, stride: 2, padding: 'valid' },
  ] as const)('convolution %j', async ({ kernel, stride, padding }) => {
    const strides: [number, number] = [stride, stride];
    const [x, filter] = [
      [2, 7, 5, 3],
      [kernel, kernel, 3, 4],
    ];
    await expectSame(
      (x, filter) => convolution(x as tf.Tensor4D, filter as tf.Tensor4D, { strides, padding }),
      (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, padding),
      [x!, filter!],
    );
  });

  it('globalDepthwiseConvolution', async () => {
    await expectSame(
      (x, filter) => globalDepthwiseConvolution(x as tf.Tensor4D, filter as tf.Tensor4D),
      (x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid'),
      [
        [3, 4, 2, 5],
        [4, 2, 5, 1],
      ],
    );
  });

  it('product', async () => {
    await expectSame(
      (x, weight) => product(x as tf.Tensor2D, weight as tf.Tensor2D),
      (x, weight) => tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D),
      [
        [3, 7],
        [7, 2],
      ],
    );
  });
});
