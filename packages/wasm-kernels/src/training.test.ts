import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError, values } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

const shapes = {
  images: [6, 12, 12, 3],
  stem: [3, 3, 3, 8],
  depthwise: [3, 3, 8, 2],
  pointwise: [1, 1, 16, 12],
  strided: [3, 3, 12, 10],
  dense: [90, 7],
  table: [5, 7],
};

/** Computes loss and gradients of a network with each kind of layer, on the current backend. */
function step(): { loss: Float32Array; gradients: Float32Array[] } {
  return tf.tidy(() => {
    const tensors = Object.values(shapes).map((shape, index) =>
      tf.mul(tf.tensor(values(tf.util.sizeFromShape(shape), index + 1), shape), index === 0 ? 1 : 0.3),
    );
    const ids = tf.tensor1d([4, 0, 0, 2, 4, 1], 'int32');
    const network = (...args: tf.Tensor[]): tf.Scalar => {
      const [images, stem, depthwise, pointwise, strided, dense, table] = args as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      let x = tf.elu(tf.conv2d(images, stem, 1, 'same'));
      x = tf.tanh(tf.depthwiseConv2d(x, depthwise, 2, 'same'));
      x = tf.elu(tf.conv2d(x, pointwise, 1, 'valid'));
      x = tf.conv2d(x, strided, 2, 'same');
      const embeddings = tf.matMul(tf.reshape(x, [6, 90]), dense);
      const targets = tf.gather(table, ids);
      return tf.mean(tf.square(tf.sub(embeddings, targets)));
    };
    const { value, grads } = tf.valueAndGrads(network as (...args: tf.Tensor[]) => tf.Scalar)(tensors);
    const gradients = grads.map((gradient) => gradient.dataSync() as Float32Array);
    return { loss: value.dataSync() as Float32Array, gradients };
  });
}

describe('training on wasm', () => {
  it('computes the loss and the gradients of the cpu backend', async () => {
    const wasm = step();
    await tf.setBackend('cpu');
    const cpu = step();
    await tf.setBackend('wasm');
    expect(relativeError(wasm.loss, cpu.loss)).toBeLessThanOrEqual(1e-5);
    cpu.gradients.forEach((gradient, index) => {
      expect(gradient.some((value) => value !== 0)).toBe(true);
      expect(relativeError(wasm.gradients[index]!, gradient)).toBeLessThanOrEqual(1e-5);
    });
  });

  it('leaks no memory', () => {
    // In test mode, as in the tests of tfjs itself, the engine counts the data after each kernel and throws on a leak.
    tf.env().set('IS_TEST', true);
    try {
      step();
      const before = tf.memory();
      for (let i = 0; i < 5; i++) step();
      expect(tf.memory()).toEqual(before);
    } finally {
      tf.env().set('IS_TEST', false);
    }
  });

  it('trains a model of tf.layers', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, activation: 'relu' }),
        tf.layers.batchNormalization(),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.separableConv2d({ filters: 4, kernelSize: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.02), loss: 'sparseCategoricalCrossentropy' });
    // Class 1 is brighter.
    const labels = tf.tensor1d(Array.from({ length: 32 }, (_, index) => index % 2));
    const noise = tf.tensor4d(values(32 * 64, 1), [32, 8, 8, 1]);
    const images = tf.add(noise, tf.reshape(labels, [32, 1, 1, 1])) as tf.Tensor4D;
    const { history } = await model.fit(images, labels, { epochs: 15, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });

  it('trains a network of dilated and of three-dimensional convolutions', () => {
    const x = tf.tensor(values(2 * 4 * 6 * 6, 1), [2, 4, 6, 6, 1]) as tf.Tensor5D;
    const weights = [
      [2, 3, 3, 1, 3],
      [3, 3, 3, 4],
      [3, 3, 4, 1],
      [16, 1],
    ].map((shape, seed) =>
      tf.variable(tf.mul(tf.tensor(values(tf.util.sizeFromShape(shape), seed), shape), 0.5)),
    );
    const [volume, dilated, depthwise, dense] = weights as unknown as [
      tf.Tensor5D,
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor2D,
    ];
    const loss = (): tf.Scalar => {
      const planes = tf.avgPool3d(tf.elu(tf.conv3d(x, volume, 1, 'same')), [4, 1, 1], 1, 'valid');
      const images = tf.reshape(planes, [2, 6, 6, 3]) as tf.Tensor4D;
      let features = tf.elu(tf.conv2d(images, dilated, 1, 'same', 'NHWC', 2)) as tf.Tensor4D;
      features = tf.depthwiseConv2d(features, depthwise, 1, 'same', 'NHWC', 3) as tf.Tensor4D;
      features = tf.image.resizeBilinear(
        tf.mirrorPad(
          features,
          [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ],
          'reflect',
        ),
        [2, 2],
        false,
        true,
      );
      const outputs = tf.einsum('bk,kl->bl', tf.reshape(features, [2, 16]), dense);
      return tf.mean(tf.square(tf.sub(outputs, tf.tensor2d([[1], [-1]]))));
    };
    const optimizer = tf.train.sgd(0.05);
    const losses = Array.from({ length: 4 }, () => {
      const value = tf.tidy(() => optimizer.minimize(loss, true)!.dataSync()[0]!);
      return value;
    });
    for (const [step, value] of losses.slice(1).entries()) expect(value).toBeLessThan(losses[step]!);
    const before = tf.memory();
    tf.tidy(() => void optimizer.minimize(loss));
    expect(tf.memory()).toEqual(before);
    tf.dispose(weights);
  });

  it('trains tf.layers with dilations and an activation, and volumes', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv3d({ inputShape: [4, 6, 6, 1], filters: 3, kernelSize: 3, activation: 'relu' }),
        tf.layers.maxPooling3d({ poolSize: [2, 1, 1], strides: 1 }),
        tf.layers.reshape({ targetShape: [4, 4, 3] }),
        tf.layers.conv2d({ filters: 4, kernelSize: 2, dilationRate: 2, padding: 'same', activation: 'relu' }),
        tf.layers.globalAveragePooling2d({}),
        tf.layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.03), loss: 'meanSquaredError' });
    const labels = tf.tensor1d(Array.from({ length: 16 }, (_, index) => index % 2));
    const noise = tf.tensor(values(16 * 144, 2), [16, 4, 6, 6, 1]);
    const volumes = tf.add(noise, tf.reshape(labels, [16, 1, 1, 1, 1]));
    const { history } = await model.fit(volumes, labels, { epochs: 15, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });
});
