import { ConfigError, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, type SymbolicTensor, sequential } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { asBackbone } from './as-backbone.ts';

const shape = { inputShape: [4, 4, 1], embeddingSize: 2 } as const;
const images = () => tf.randomUniform([3, 4, 4, 1], -1, 1, 'float32', 1) as tf.Tensor4D;

/** Returns two numbers for each image: its mean and its maximum. */
const meanAndMaximum = (x: tf.Tensor4D) =>
  tf.stack([tf.mean(x, [1, 2, 3]), tf.max(x, [1, 2, 3])], 1) as tf.Tensor2D;

function layersModel() {
  return sequential({
    name: 'own',
    layers: [
      layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3, name: 'convolution' }),
      layers.batchNormalization({ name: 'norm' }),
      layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
    ],
  });
}

describeOnBackends('asBackbone', () => {
  it('wraps a function', async () => {
    const backbone = asBackbone(meanAndMaximum, { ...shape, name: 'mean and maximum' });
    expect([backbone.name, backbone.inputShape, backbone.embeddingSize]).toEqual([
      'mean and maximum',
      [4, 4, 1],
      2,
    ]);
    const before = tf.memory().numTensors;
    const x = tf.tensor4d([...Array(15).fill(0), 16], [1, 4, 4, 1]);
    const embeddings = backbone.forward(x);
    expect([...(await embeddings.data())]).toEqual([1, 16]);
    tf.dispose([x, embeddings]);
    expect(tf.memory().numTensors).toBe(before);
    expect(backbone.trainable).toEqual([]);
    expect(backbone.getState()).toEqual({});
    backbone.setState({});
    expect(backbone.getConfig()).toEqual({ backbone: 'mean and maximum', ...shape, trainable: false });
  });

  it('wraps a graph model and reads the requested output', async () => {
    const calls: unknown[] = [];
    let disposed = 0;
    const graph = {
      execute: (x: tf.Tensor, output?: string) => {
        calls.push(output);
        return tf.reshape(tf.mean(x, [1, 2]), [-1, 1, 1, 1]);
      },
      dispose: () => void disposed++,
    };
    const backbone = asBackbone(graph, {
      output: 'global_pooling/Mean',
      inputShape: [null, null, 1],
      embeddingSize: 1,
      inputRange: [0, 255],
    });
    // The model sees 0 for −1 and 255 for 1: the mean of −1, 1, 1, 1 is 191.25.
    const embeddings = backbone.forward(tf.tensor4d([-1, 1, 1, 1], [1, 2, 2, 1]));
    expect(embeddings.shape).toEqual([1, 1]);
    expect([...(await embeddings.data())]).toEqual([191.25]);
    expect(calls).toEqual(['global_pooling/Mean']);
    expect(backbone.getConfig()).toMatchObject({ backbone: 'graph-model', inputRange: [0, 255] });
    backbone.dispose();
    backbone.dispose();
    expect(disposed).toBe(1);
    expect(() => backbone.forward(images())).toThrow(/graph-model was disposed of/);
  });

  it('applies inputRange, then preprocess', async () => {
    const backbone = asBackbone(meanAndMaximum, {
      ...shape,
      inputRange: [0, 1],
      preprocess: (x) => tf.mul(x, 10),
    });
    const [mean] = await backbone.forward(tf.fill([1, 4, 4, 1], 1) as tf.Tensor4D).data();
    expect(mean).toBe(10);
  });

  it('records nothing of a frozen LayersModel on the tape and keeps its statistics', async () => {
    const model = layersModel();
    const backbone = asBackbone(model);
    expect([backbone.name, backbone.inputShape, backbone.embeddingSize]).toEqual(['own', [4, 4, 1], 2]);
    expect(backbone.trainable).toEqual([]);
    const head = tf.variable(tf.ones([2, 1]));
    const x = images();
    const { value, grads } = tf.variableGrads(() =>
      tf.sum(tf.matMul(backbone.forward(x, { training: true }), head as tf.Tensor2D)),
    );
    expect(Object.keys(grads)).toContain(head.name);
    expect(Object.values(grads).filter((gradient) => gradient !== null)).toHaveLength(1);
    expect([...(await model.getLayer('norm').getWeights()[2]!.data())]).toEqual([0, 0]);
    expect([...(await backbone.forward(x).data())]).toEqual([
      ...(await (model.predict(x) as tf.Tensor).data()),
    ]);
    tf.dispose([value, grads, head, x]);
    backbone.dispose();
  });

  it('trains a LayersModel with trainable: true', async () => {
    const model = layersModel();
    const backbone = asBackbone(model, { trainable: true });
    expect(backbone.trainable.map(({ shape }) => shape)).toEqual([[3, 3, 1, 2], [2], [2], [2]]);
    const x = images();
    const before = backbone.getState();
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.square(backbone.forward(x, { training: true }))) as tf.Scalar,
      [...backbone.trainable],
    );
    expect(Object.values(grads).map((gradient) => gradient.shape)).toEqual([[3, 3, 1, 2], [2], [2], [2]]);
    expect(Object.keys(before)).toEqual([
      'convolution/kernel',
      'convolution/bias',
      'norm/gamma',
      'norm/beta',
      'norm/moving_mean',
      'norm/moving_variance',
    ]);
    const mean = async () => [...(await model.getLayer('norm').getWeights()[2]!.data())];
    expect(await mean()).not.toEqual([0, 0]);
    backbone.setState(before);
    expect(await mean()).toEqual([0, 0]);
    expect(() => backbone.setState({})).toThrow(/does not fit own: 6 of its 6 tensors are missing/);
    tf.dispose([value, grads, before, x]);
    backbone.dispose();
  });

  it('accepts images of any size if the LayersModel does', () => {
    const pool = layers.globalAveragePooling2d({ inputShape: [null, null, 3], dataFormat: 'channelsLast' });
    const backbone = asBackbone(sequential({ layers: [pool] }));
    expect(backbone.inputShape).toEqual([null, null, 3]);
    for (const [height, width] of [
      [4, 5],
      [7, 2],
    ] as const) {
      expect(backbone.forward(tf.ones([2, height, width, 3])).shape).toEqual([2, 3]);
    }
    backbone.dispose();
  });

  it('refuses a state of a LayersModel with two weights of the same name', () => {
    const images = input({ shape: [4, 4, 1] });
    const inside = ['left', 'right'].map((name) => {
      const dense = layers.dense({ units: 2, inputShape: [16], name: 'dense' });
      return sequential({ name, layers: [layers.flatten({ inputShape: [4, 4, 1] }), dense] });
    });
    const outputs = layers.add().apply(inside.map((one) => one.apply(images) as SymbolicTensor));
    const both = model({ name: 'both', inputs: images, outputs: outputs as SymbolicTensor });
    const backbone = asBackbone(both);
    expect(backbone.forward(tf.ones([3, 4, 4, 1])).shape).toEqual([3, 2]);
    for (const use of [() => backbone.getState(), () => backbone.setState({})]) {
      expect(use).toThrow(ConfigError);
      expect(use).toThrow(/'both' has more than one weight 'dense\/kernel'.*unique names/);
    }
    backbone.dispose();
  });

  it('counts a layer that two nested models share once', () => {
    const images = input({ shape: [4, 4, 1] });
    const shared = layers.dense({ units: 2, name: 'shared' });
    const inside = ['one', 'other'].map((name) => {
      const flatten = layers.flatten({ inputShape: [4, 4, 1] });
      return sequential({ name, layers: [flatten, shared] });
    });
    const outputs = layers.add().apply(inside.map((one) => one.apply(images) as SymbolicTensor));
    const both = model({ inputs: images, outputs: outputs as SymbolicTensor });
    const backbone = asBackbone(both, { trainable: true });
    expect(backbone.trainable.map(({ shape }) => shape)).toEqual([[16, 2], [2]]);
    const before = tf.memory().numTensors;
    const state = backbone.getState();
    expect(Object.keys(state)).toEqual(['shared/kernel', 'shared/bias']);
    tf.dispose(state);
    expect(tf.memory().numTensors).toBe(before);
    backbone.dispose();
  });

  it('checks the shapes of images and embeddings', () => {
    const backbone = asBackbone(() => tf.zeros([3, 3]), shape);
    expect(() => backbone.forward(tf.zeros([3, 5, 4, 1]) as tf.Tensor4D)).toThrow(ShapeError);
    expect(() => backbone.forward(images())).toThrow(ShapeError);
    expect(() => backbone.forward(images())).toThrow(
      /'function' returned \[3, 3\], expected embeddings \[3, 2\]/,
    );
  });

  it.each([
    [() => asBackbone(meanAndMaximum), /give inputShape .* and embeddingSize/],
    [() => asBackbone(meanAndMaximum, { ...shape, trainable: true }), /Only a LayersModel can be trained/],
    [() => asBackbone(meanAndMaximum, { ...shape, output: 'x' }), /Only a GraphModel has outputs by name/],
    [() => asBackbone(meanAndMaximum, { ...shape, inputRange: [255] } as never), /inputRange must be/],
    [() => asBackbone({} as never, shape), /takes a LayersModel, a GraphModel or a function, not object/],
    [
      () => asBackbone(meanAndMaximum, { ...shape, embeddingSize: 0 }),
      /embeddingSize must be a whole number/,
    ],
    [
      () => asBackbone(sequential({ name: 'flat', layers: [layers.dense({ units: 1, inputShape: [3] })] })),
      /one input \[batch, height, width, channels\] and one output, but 'flat' has 1 \(\[null,3\]\)/,
    ],
  ])('refuses incompatible sources and options', (make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});
