import { gradientCheck, relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { batchNormKernels } from './batch-norm-operands.ts';
import { batchNormTraining, batchNormTrainingWithShortcut } from './batch-norm-training.ts';

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
    // Without momentum, the running statistics become those of the batch, with the unbiased variance.
    const running = { mean: tf.variable(tf.zeros([1])), variance: tf.variable(tf.zeros([1])), momentum: 0 };
    const options = { scale: tf.tensor1d([2]), offset: tf.tensor1d([10]), epsilon: 0, running };
    const y = batchNormTraining(x, options);
    expect([...(await running.mean.data())]).toEqual([2]);
    expect([...(await running.variance.data())]).toEqual([2]);
    const [first, second] = await y.data();
    expect(first).toBeCloseTo(8, 5);
    expect(second).toBeCloseTo(12, 5);
    tf.dispose([x, y, options.scale, options.offset, running.mean, running.variance]);
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

  const composedPrelu = (x: tf.Tensor, slope: tf.Tensor) =>
    tf.sub(tf.relu(x), tf.mul(slope, tf.relu(tf.neg(x))));

  it.each([[[5, 3, 2, 7]], [[4, 3]], [[3, 1, 1, 2]]])(
    'runs a PReLU or a sum in the same operation, for %j',
    async (shape) => {
      const channels = shape.at(-1)!;
      const inputs = [
        tf.randomNormal(shape, 5, 3, 'float32', 1),
        tf.randomNormal([channels], 1, 0.3, 'float32', 2),
        tf.randomNormal([channels], 0, 1, 'float32', 3),
        tf.randomUniform([1, channels], 0.1, 0.9, 'float32', 4),
        tf.randomNormal(shape, 0, 1, 'float32', 5),
      ];
      const weights = tf.randomNormal(shape, 0, 1, 'float32', 6);
      const fused = ([x, scale, offset, slope, shortcut]: tf.Tensor[]) => {
        const parameters = { scale: scale as tf.Tensor1D, offset: offset as tf.Tensor1D, epsilon };
        return [
          batchNormTraining(x!, parameters, { kind: 'prelu', slope: slope! }),
          batchNormTraining(x!, parameters, { kind: 'sum', shortcut: shortcut! }),
        ];
      };
      const plain = ([x, scale, offset, slope, shortcut]: tf.Tensor[]) => [
        composedPrelu(composed(x!, scale, offset), slope!),
        tf.add(composed(x!, scale, offset), shortcut!),
      ];
      for (const which of [0, 1]) {
        const value = (norm: typeof fused) => {
          const used = inputs.filter((_, index) => index < 3 || index === 3 + which);
          const all = (args: tf.Tensor[]) =>
            which === 0 ? [...args, inputs[4]!] : [...args.slice(0, 3), inputs[3]!, args[3]!];
          const run = (...args: tf.Tensor[]) => tf.sum(tf.mul(norm(all(args))[which]!, weights));
          return [norm(inputs)[which]!, ...tf.grads(run)(used)];
        };
        const [found, expected] = [value(fused), value(plain)];
        for (const [index, each] of found.entries()) {
          expect(each.shape).toEqual(expected[index]!.shape);
          const error = relativeError(await each.data(), await expected[index]!.data());
          expect(error, `${which} ${index}`).toBeLessThan(2e-5);
        }
      }
    },
  );

  it('has the gradient of finite differences through a PReLU', async () => {
    const shape = [3, 2, 2, 2];
    // No value is near the mean of its channel, where the slope changes.
    const point = Float32Array.from(
      { length: 24 },
      (_, index) => (index % 4 < 2 ? 1 : -1) * (1 + index / 24),
    );
    const weights = tf.randomNormal(shape, 0, 1, 'float32', 8);
    const slope = tf.tensor1d([0.3, 0.6]);
    const value = (x: tf.Tensor) =>
      tf.sum(tf.mul(batchNormTraining(x, { epsilon }, { kind: 'prelu', slope }), weights));
    const evaluateAt = async (values: Float32Array) => (await value(tf.tensor(values, shape)).data())[0]!;
    const gradient = await tf.grad(value)(tf.tensor(point, shape)).data<'float32'>();
    expect(await gradientCheck(evaluateAt, point, gradient)).toBeLessThan(5e-3);
  });

  it('adds the gradient of the shortcut to that of x', async () => {
    const shape = [4, 3, 3, 5];
    const x = tf.randomNormal(shape, 1, 2, 'float32', 1);
    const weights = [2, 3].map((seed) => tf.randomNormal(shape, 0, 1, 'float32', seed));
    const loss = (normalised: tf.Tensor, shortcut: tf.Tensor) =>
      tf.sum(tf.add(tf.mul(normalised, weights[0]!), tf.mul(tf.square(shortcut), weights[1]!)));
    const before = tf.memory().numTensors;
    const found = tf.grad((x) => loss(...batchNormTrainingWithShortcut(x, { epsilon })))(x);
    expect(tf.memory().numTensors).toBe(before + 1);
    const expected = tf.grad((x) => loss(batchNormTraining(x, { epsilon }), x))(x);
    expect(relativeError(await found.data(), await expected.data())).toBeLessThan(1e-6);
    // The gradient of one result alone.
    const one = tf.grad((x) => tf.sum(tf.mul(batchNormTrainingWithShortcut(x, { epsilon })[0], weights[0]!)))(
      x,
    );
    const alone = tf.grad((x) => tf.sum(tf.mul(batchNormTraining(x, { epsilon }), weights[0]!)))(x);
    expect(relativeError(await one.data(), await alone.data())).toBeLessThan(1e-6);
    expect(await x.data()).toEqual(await tf.randomNormal(shape, 1, 2, 'float32', 1).data());
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
    register(batchNormKernels.forward, ({ x }) => [x!.shape, [3], [3], [3], [3], [3]]);
    register(batchNormKernels.gradient, ({ x }) => [x!.shape, [3], [3]]);
    const [x, scale, offset] = [tf.zeros([4, 5, 3]), tf.ones([3]), tf.zeros([3])];
    const running = { mean: tf.variable(scale), variance: tf.variable(scale), momentum: 0.9 };
    const gradients = tf.grads((x, scale, offset) =>
      tf.sum(
        batchNormTraining(x!, {
          ...{ scale: scale as tf.Tensor1D, offset: offset as tf.Tensor1D, epsilon },
          running,
        }),
      ),
    )([x, scale, offset]);
    expect(calls).toEqual({
      BatchNormTraining: {
        inputs: { x: [4, 5, 3], scale: [3], offset: [3], runningMean: [3], runningVariance: [3] },
        attrs: { varianceEpsilon: epsilon, momentum: 0.9 },
      },
      BatchNormTrainingGrad: {
        inputs: {
          ...{ dy: [4, 5, 3], x: [4, 5, 3], mean: [3], variance: [3], meanError: [3] },
          ...{ scale: [3], offset: [3] },
        },
        attrs: { varianceEpsilon: epsilon, mayOverwrite: true },
      },
    });
    expect([running.mean, running.variance].map((variable) => variable.dataSync()[0])).toEqual([5, 6]);
    expect(gradients.map((gradient) => gradient.dataSync()[0])).toEqual([1, 2, 3]);
  });
});
