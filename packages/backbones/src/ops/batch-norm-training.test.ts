import { gradientCheck, relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { batchNormKernels, batchNormTraining } from './batch-norm-training.ts';

const epsilon = 1e-3;

/** Returns the definition, for automatic differentiation. */
function composed(x: tf.Tensor, scale?: tf.Tensor, offset?: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const mean = tf.mean(x, axes);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), axes);
  const normal = tf.div(centred, tf.sqrt(tf.add(variance, epsilon)));
  const scaled = scale ? tf.mul(normal, scale) : normal;
  return offset ? tf.add(scaled, offset) : scaled;
}

type Norm = (x: tf.Tensor, scale: tf.Tensor1D, offset: tf.Tensor1D) => tf.Tensor;
const ours: Norm = (x, scale, offset) => batchNormTraining(x, { scale, offset, epsilon });

/** Returns value and gradients for a fixed upstream gradient. */
async function evaluate(norm: Norm, shape: number[]): Promise<Float32Array[]> {
  const results = tf.tidy(() => {
    const channels = shape.at(-1)!;
    const x = tf.add(tf.mul(tf.randomNormal(shape, 0, 1, 'float32', 1), 3), 5);
    const inputs = [
      x,
      tf.randomNormal([channels], 1, 0.3, 'float32', 2),
      tf.randomNormal([channels], 0, 1, 'float32', 3),
    ];
    const dy = tf.randomNormal(shape, 0, 1, 'float32', 4);
    const run = (...[x, scale, offset]: tf.Tensor[]) => norm(x!, scale as tf.Tensor1D, offset as tf.Tensor1D);
    // A scalar, because the operation may free its upstream gradient.
    const grads = tf.grads((...args) => tf.sum(tf.mul(run(...args), dy)))(inputs);
    return [run(...inputs), ...grads];
  });
  const values = await Promise.all(results.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(results);
  return values;
}

describeOnBackends('batchNormTraining', () => {
  it('normalises with the batch: (1, 3) has mean 2 and variance 1', async () => {
    const x = tf.tensor2d([1, 3], [2, 1]);
    const statistics: number[] = [];
    const options = { scale: tf.tensor1d([2]), offset: tf.tensor1d([10]), epsilon: 0 };
    const y = batchNormTraining(x, options, (mean, variance) => {
      statistics.push(mean.dataSync()[0]!, variance.dataSync()[0]!);
    });
    expect(statistics).toEqual([2, 1]);
    const [first, second] = await y.data();
    expect(first).toBeCloseTo(8, 5);
    expect(second).toBeCloseTo(12, 5);
    tf.dispose([x, y, options.scale, options.offset]);
  });

  it.each([[[5, 3, 2, 7]], [[4, 3]], [[3, 1, 1, 2]], [[2, 5, 3]], [[1, 4, 4, 1]]])(
    'agrees with automatic differentiation for %j',
    async (shape) => {
      const [found, expected] = [await evaluate(ours, shape), await evaluate(composed as Norm, shape)];
      found.forEach((values, index) => {
        expect(relativeError(values, expected[index]!), `result ${index}`).toBeLessThan(2e-5);
      });
    },
  );

  it('works without scale and offset', async () => {
    const plain = await evaluate((x) => batchNormTraining(x, { epsilon }), [4, 3, 2]).catch(() => null);
    // tfjs refuses gradients of unused inputs: only x has one.
    expect(plain).toBeNull();
    const x = tf.randomNormal([4, 3, 2], 1, 2, 'float32', 1);
    const dy = tf.randomNormal([4, 3, 2], 0, 1, 'float32', 2);
    const gradient = (norm: (x: tf.Tensor) => tf.Tensor) => tf.grad((x) => tf.sum(tf.mul(norm(x), dy)))(x);
    const found = gradient((x) => batchNormTraining(x, { epsilon }));
    const expected = gradient((x) => composed(x));
    expect(relativeError(await found.data(), await expected.data())).toBeLessThan(2e-5);
    tf.dispose([x, dy, found, expected]);
  });

  it('has the gradient of finite differences', async () => {
    const shape = [3, 2, 2, 2];
    const point = await tf.randomNormal(shape, 0, 1, 'float32', 7).data<'float32'>();
    const weights = tf.randomNormal(shape, 0, 1, 'float32', 8);
    const value = (x: tf.Tensor) => tf.sum(tf.mul(batchNormTraining(x, { epsilon }), weights));
    const evaluateAt = async (values: Float32Array) => (await value(tf.tensor(values, shape)).data())[0]!;
    const gradient = await tf.grad(value)(tf.tensor(point, shape)).data<'float32'>();
    expect(await gradientCheck(evaluateAt, point, gradient)).toBeLessThan(5e-3);
  });

  it('stays accurate far from 0', async () => {
    // Mean 10000, deviation 1: mean of squares minus square of mean would cancel every digit.
    const x = tf.tensor2d([9999, 10001, 9999, 10001], [4, 1]);
    expect([...(await batchNormTraining(x, { epsilon: 0 }).data())]).toEqual([-1, 1, -1, 1]);
  });

  it('leaks no tensor', () => {
    const x = tf.randomNormal([4, 3, 3, 2]);
    const [scale, offset] = [tf.ones([2]) as tf.Tensor1D, tf.zeros([2]) as tf.Tensor1D];
    const before = tf.memory().numTensors;
    tf.dispose(tf.grad((x) => tf.sum(batchNormTraining(x, { scale, offset, epsilon })))(x));
    tf.dispose(batchNormTraining(x, { scale, offset, epsilon }));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, scale, offset]);
  });
});

describe('kernels of a backend', () => {
  const names = Object.values(batchNormKernels);
  afterEach(() => {
    for (const name of names) if (tf.getKernel(name, 'cpu')) tf.unregisterKernel(name, 'cpu');
  });

  it('replace the operations, with the inputs of their contract', async () => {
    await tf.setBackend('cpu');
    const calls: Record<string, { inputs: Record<string, number[]>; attrs: unknown }> = {};
    const register = (kernelName: string, outputs: (inputs: tf.NamedTensorInfoMap) => number[][]) => {
      tf.registerKernel({
        kernelName,
        backendName: 'cpu',
        kernelFunc: ({ inputs, attrs }) => {
          const shapes = Object.entries(inputs).map(([key, tensor]) => [key, tensor!.shape]);
          calls[kernelName] = { inputs: Object.fromEntries(shapes), attrs };
          return outputs(inputs).map((shape, index) => tf.fill(shape, index + 1));
        },
      });
    };
    register(batchNormKernels.forward, ({ x }) => [x!.shape, [3], [3]]);
    register(batchNormKernels.gradient, ({ x }) => [x!.shape, [3], [3]]);
    const [x, scale, offset] = [tf.zeros([4, 5, 3]), tf.ones([3]), tf.zeros([3])];
    const seen: number[] = [];
    const gradients = tf.grads((x, scale, offset) =>
      tf.sum(
        batchNormTraining(
          x!,
          { scale: scale as tf.Tensor1D, offset: offset as tf.Tensor1D, epsilon },
          (mean, variance) => seen.push(mean.dataSync()[0]!, variance.dataSync()[0]!),
        ),
      ),
    )([x, scale, offset]);
    expect(calls).toEqual({
      BatchNormTraining: {
        inputs: { x: [4, 5, 3], scale: [3], offset: [3] },
        attrs: { varianceEpsilon: epsilon },
      },
      BatchNormTrainingGrad: {
        inputs: { dy: [4, 5, 3], x: [4, 5, 3], mean: [3], variance: [3], scale: [3] },
        attrs: { varianceEpsilon: epsilon },
      },
    });
    expect(seen).toEqual([2, 3]);
    expect(gradients.map((gradient) => gradient.dataSync()[0])).toEqual([1, 2, 3]);
  });
});
