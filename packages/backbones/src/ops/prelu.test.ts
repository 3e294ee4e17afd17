import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { prelu, preluGradientKernel } from './prelu.ts';

describeOnBackends('prelu', () => {
  it('keeps values above 0 and scales the rest; at 0 the derivative is the slope, as in PyTorch', async () => {
    const x = tf.tensor4d([2, -2, 0, -4], [2, 1, 1, 2]);
    const alpha = tf.tensor3d([0.5, 0.25], [1, 1, 2]);
    expect([...(await prelu(x, alpha).data())]).toEqual([2, -0.5, 0, -1]);
    const weights = tf.tensor4d([1, 10, 100, 1000], [2, 1, 1, 2]);
    const [dx, dAlpha] = tf.grads((x, alpha) => tf.sum(tf.mul(prelu(x!, alpha!), weights)))([x, alpha]);
    expect([...(await dx!.data())]).toEqual([1, 2.5, 50, 250]);
    // Σ dy · min(x, 0): 100 · 0, and 10 · −2 + 1000 · −4.
    expect(dAlpha!.shape).toEqual([1, 1, 2]);
    expect([...(await dAlpha!.data())].map((value) => value + 0)).toEqual([0, -4020]);
  });

  it.each([[[3, 5, 2, 7]], [[4, 1, 1, 3]], [[1, 2, 3, 1]]])(
    'agrees with automatic differentiation for %j',
    async (shape) => {
      const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
      const alpha = tf.randomUniform([1, 1, shape.at(-1)!], 0.1, 0.5, 'float32', 2);
      const dy = tf.randomNormal(shape, 0, 1, 'float32', 3);
      const gradients = (f: (x: tf.Tensor, alpha: tf.Tensor) => tf.Tensor) =>
        tf.grads((x, alpha) => tf.sum(tf.mul(f(x!, alpha!), dy)))([x, alpha]);
      const found = gradients(prelu);
      const composed = (x: tf.Tensor, alpha: tf.Tensor) =>
        tf.sub(tf.relu(x), tf.mul(alpha, tf.relu(tf.neg(x))));
      for (const [index, expected] of gradients(composed).entries()) {
        expect(found[index]!.shape).toEqual(expected.shape);
        expect(relativeError(await found[index]!.data(), await expected.data())).toBeLessThan(1e-5);
      }
    },
  );
});

describe('a kernel of a backend', () => {
  afterEach(() => tf.unregisterKernel(preluGradientKernel, 'cpu'));

  it('replaces the operations, with the inputs of its contract', async () => {
    await tf.setBackend('cpu');
    const seen: unknown[] = [];
    tf.registerKernel({
      kernelName: preluGradientKernel,
      backendName: 'cpu',
      kernelFunc: ({ inputs }) => {
        for (const [key, tensor] of Object.entries(inputs)) seen.push([key, tensor!.shape]);
        return [tf.fill(inputs.x!.shape, 1), tf.fill(inputs.alpha!.shape, 2)];
      },
    });
    const inputs = [tf.ones([2, 2, 2, 3]), tf.ones([1, 1, 3])];
    const gradients = tf.grads((x, alpha) => tf.sum(prelu(x!, alpha!)))(inputs);
    expect(seen).toEqual([
      ['dy', [2, 2, 2, 3]],
      ['x', [2, 2, 2, 3]],
      ['alpha', [1, 1, 3]],
    ]);
    expect(gradients.map((gradient) => gradient.dataSync()[0])).toEqual([1, 2]);
  });
});
