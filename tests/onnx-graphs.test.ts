// Tests that onnxruntime and tfjs agree on the pretrained graph models, and on a tiny one with a head, with all weights in one file.
import type { Backbone } from '@openset/core';
import { exportOnnx, type OnnxSource, readOnnxMetadata, UnsupportedOperationError } from '@openset/onnx';
import { nodeOnnxEngine } from '@openset/onnx/node';
import { type GraphFiles, graphBackbone } from '@openset/pretrained';
import { openPretrained } from '@openset/pretrained/node';
import { backboneEngine, requireSameEmbeddings } from '@openset/verify';
import { enableWasmTraining } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import {
  expectClose,
  randomImages,
  randomizeWeights,
  runOnnx,
} from '../packages/onnx/src/__fixtures__/run-onnx.ts';
import { tinyGraph } from '../packages/pretrained/src/__fixtures__/tiny-graph.ts';

beforeAll(async () => {
  await enableWasmTraining({ threads: 1 });
  await tf.setBackend('wasm');
});

/** Checks the engine of a backbone against the backbone, on random images and on the fixed one. */
async function expectSame(backbone: Backbone & OnnxSource, count: number): Promise<void> {
  const engine = await nodeOnnxEngine(backbone, { threads: 1 });
  const [height, width, channels] = backbone.inputShape as [number, number, number];
  const images = randomImages([count, height, width, channels]);
  const values = images.dataSync() as Float32Array;
  const expected = backbone.forward(images);
  const found = await engine.embed(values, [count, height, width, channels]);
  expect(found).toHaveLength(count * backbone.embeddingSize);
  expectClose(found, expected.dataSync() as Float32Array);
  await requireSameEmbeddings(engine, backboneEngine(backbone), backbone.inputShape);
  tf.dispose([images, expected]);
  await engine.dispose();
}

it.each(['faceres', 'face-api'])('%s', async (word) => {
  const { backbone } = await openPretrained(word);
  await expectSame(backbone, 2);
  backbone.dispose();
});

it.each([
  ['all stages frozen', 'all'],
  ['no stage frozen', 0],
] as const)('a tiny graph with a head, %s', async (_, freeze) => {
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding', head: 7, freeze, inputRange: [0, 255] });
  randomizeWeights({
    weights: backbone.headVariables.map((variable) => ({
      originalName: variable.name,
      read: () => variable,
      write: (value: tf.Tensor) => variable.assign(value),
    })),
  } as unknown as tf.LayersModel);
  const before = tf.memory().numTensors;
  await expectSame(backbone, 3);
  expect(readOnnxMetadata(await exportOnnx(backbone)).output).toMatchObject({ embeddingSize: 7 });
  expect(tf.memory().numTensors).toBe(before);
  backbone.dispose();
});

it('the frozen part of a graph with a head computes its features', async () => {
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding', head: 7 });
  const engine = await nodeOnnxEngine({ readGraph: () => backbone.readGraph('features') });
  const images = randomImages([4, 6, 6, 1]);
  const features = backbone.features(images);
  const found = await engine.embed(images.dataSync() as Float32Array, [4, 6, 6, 1]);
  expectClose(found, features.dataSync() as Float32Array);
  tf.dispose([images, features]);
  await engine.dispose();
  backbone.dispose();

  const trained = graphBackbone(tinyGraph(), { output: 'embedding', freeze: 1 });
  await expect(trained.readGraph('features')).rejects.toThrow('only 1 stages are frozen');
  trained.dispose();
});

it('exports a graph for pixels, with mirror images', async () => {
  const backbone = graphBackbone(tinyGraph(), { output: 'embedding' });
  const options = { inputType: 'uint8', preprocessing: 'inside', flipSum: true } as const;
  const bytes = await exportOnnx(backbone, options);
  const pixels = tf.tidy(() => tf.round(randomImages([3, 6, 6, 1], [0, 255])) as tf.Tensor4D);
  const expected = tf.tidy(() => {
    const images = tf.div(tf.sub(pixels, 127.5), 127.5) as tf.Tensor4D;
    return tf.add(backbone.forward(images), backbone.forward(tf.reverse(images, 2)));
  });
  const { values, shape } = await runOnnx(bytes, pixels, options);
  expect(shape).toEqual([3, 5]);
  expectClose(values, expected.dataSync() as Float32Array);
  tf.dispose([pixels, expected]);
  backbone.dispose();
});

/** A constant of a graph: shape and values. */
type Constant = readonly [shape: readonly number[], values: readonly number[], dtype?: 'int32'];
type Node = readonly [op: string, input: readonly string[], attr?: Readonly<Record<string, unknown>>];

/** Returns the graph model of operations on images `[batch, 7, 6, 3]`. The last one is the output, `node0` the first. */
function smallGraph(operations: readonly Node[], constants: Readonly<Record<string, Constant>>): GraphFiles {
  const entries = Object.entries(constants);
  const arrays = entries.map(([, [, values, dtype]]) =>
    dtype ? Int32Array.from(values) : Float32Array.from(values),
  );
  return {
    modelTopology: {
      node: [
        ...entries.map(([name]) => ({ name, op: 'Const' })),
        {
          name: 'images',
          op: 'Placeholder',
          attr: { shape: { shape: { dim: [-1, 7, 6, 3].map((size) => ({ size: String(size) })) } } },
        },
        ...operations.map(([op, input, attr = {}], index) => ({
          ...{ name: `node${index}`, op, input },
          attr: { T: { type: 'DT_FLOAT' }, ...attr },
        })),
      ],
    },
    weightSpecs: entries.map(([name, [shape, , dtype]]) => ({
      ...{ name, shape: [...shape] },
      dtype: dtype ?? ('float32' as const),
    })),
    weightData: tf.io.concatenateArrayBuffers(arrays.map(({ buffer }) => buffer as ArrayBuffer)),
  };
}

const some = (count: number, start = 0) =>
  Array.from({ length: count }, (_, index) => Math.sin(3 * index + start + 1));
const ints = (...i: number[]) => ({ list: { i: i.map(String) } });
const word = (value: string) => ({ s: btoa(value) });
const mean: Node = ['Mean', ['node0', 'axes'], { keep_dims: { b: false } }];
const axes: Constant = [[2], [1, 2], 'int32'];
const slide = (stride: number, padding: string, more: object = {}) => ({
  ...{ strides: ints(1, stride, stride, 1), padding: word(padding), data_format: word('NHWC') },
  ...{ dilations: ints(1, 1, 1, 1), ...more },
});
const filter: Constant = [[3, 3, 3, 4], some(108)];
const window = { ksize: ints(1, 3, 2, 1) };

it.each<[name: string, operations: readonly Node[], constants?: Readonly<Record<string, Constant>>]>([
  ['Conv2D, SAME, stride 2', [['Conv2D', ['images', 'filter'], slide(2, 'SAME')], mean], { filter }],
  ['Conv2D, VALID', [['Conv2D', ['images', 'filter'], slide(1, 'VALID')], mean], { filter }],
  [
    'Conv2D, dilated',
    [['Conv2D', ['images', 'filter'], slide(1, 'SAME', { dilations: ints(1, 2, 2, 1) })], mean],
    { filter },
  ],
  [
    'DepthwiseConv2dNative with a multiplier',
    [['DepthwiseConv2dNative', ['images', 'filter'], slide(2, 'SAME')], mean],
    { filter: [[3, 3, 3, 2], some(54)] },
  ],
  ['MaxPool', [['MaxPool', ['images'], slide(2, 'SAME', window)], mean]],
  ['AvgPool, whose padding does not count', [['AvgPool', ['images'], slide(2, 'SAME', window)], mean]],
  [
    'Pad of height, width and channels',
    [['Pad', ['images', 'widths']], mean],
    { widths: [[4, 2], [0, 0, 1, 2, 0, 3, 0, 2], 'int32'] },
  ],
  [
    'Pad of channels before a convolution',
    [
      ['Pad', ['images', 'widths']],
      ['Conv2D', ['node0', 'filter'], slide(1, 'VALID')],
      ['Mean', ['node1', 'axes']],
    ],
    { widths: [[4, 2], [0, 0, 0, 0, 0, 0, 0, 1], 'int32'], filter: [[3, 3, 4, 2], some(72)] },
  ],
  ['Sub of a mean image', [['Sub', ['images', 'image']], mean], { image: [[7, 6, 3], some(126)] }],
  ['Sub from a constant', [['Sub', ['number', 'images']], mean], { number: [[], [0.3]] }],
  ['RealDiv by each channel', [['RealDiv', ['images', 'each']], mean], { each: [[3], [2, 3, 4]] }],
  [
    'Minimum and Maximum',
    [
      ['Minimum', ['images', 'top']],
      ['Maximum', ['bottom', 'node0']],
      ['Mean', ['node1', 'axes']],
    ],
    {
      top: [[], [0.4]],
      bottom: [[], [-0.2]],
    },
  ],
  [
    'Relu6, Sigmoid, Tanh, Elu',
    [
      ['Relu6', ['images']],
      ['Sigmoid', ['node0']],
      ['Tanh', ['node1']],
      ['Elu', ['node2']],
      ['Mean', ['node3', 'axes']],
    ],
  ],
  ['Prelu', [['Prelu', ['images', 'slope']], mean], { slope: [[3], [0.1, 0.2, 0.3]] }],
  ['LeakyRelu', [['LeakyRelu', ['images'], { alpha: { f: 0.3 } }], mean]],
  [
    'FusedBatchNormV3',
    [['FusedBatchNormV3', ['images', 'scale', 'offset', 'mean', 'variance'], { epsilon: { f: 0.01 } }], mean],
    {
      ...{ scale: [[3], [1, 2, 3]], offset: [[3], [0.1, 0.2, 0.3]] },
      ...{ mean: [[3], [0.3, 0.2, 0.1]], variance: [[3], [0.5, 1, 2]] },
    },
  ],
  [
    'Reshape of a map, and MatMul',
    [
      ['Reshape', ['images', 'rows']],
      ['MatMul', ['node0', 'matrix'], { transpose_a: { b: false }, transpose_b: { b: true } }],
    ],
    { rows: [[2], [-1, 126], 'int32'], matrix: [[5, 126], some(630)] },
  ],
  [
    'Mean that keeps its axes, and Squeeze',
    [
      ['Mean', ['images', 'axes'], { keep_dims: { b: true } }],
      ['Squeeze', ['node0'], { squeeze_dims: ints(1, 2) }],
    ],
  ],
  [
    'ConcatV2 of channels',
    [
      ['Relu', ['images']],
      ['ConcatV2', ['images', 'node0', 'axis'], { N: { i: '2' } }],
      ['Mean', ['node1', 'axes']],
    ],
    { axis: [[], [3], 'int32'] },
  ],
])('%s', async (_, operations, constants = {}) => {
  const files = smallGraph(operations, { axes, ...constants });
  const backbone = graphBackbone(files, { output: `node${operations.length - 1}` });
  await expectSame(backbone, 2);
  backbone.dispose();
});

it.each<[reason: string, operations: readonly Node[], constants?: Readonly<Record<string, Constant>>]>([
  [
    "'node0' (Softplus) of the graph model cannot be exported to ONNX: supported are",
    [['Softplus', ['images']], mean],
  ],
  [
    'its padding is EXPLICIT',
    [
      [
        'Conv2D',
        ['images', 'filter'],
        slide(1, 'EXPLICIT', { explicit_paddings: ints(0, 0, 1, 1, 1, 1, 0, 0) }),
      ],
      mean,
    ],
    { filter },
  ],
  [
    'it has the axes 1, but must have 1 and 2',
    [['Mean', ['images', 'one'], { keep_dims: { b: true } }], mean],
    { one: [[1], [1], 'int32'] },
  ],
])('refuses an operation, as %s', async (reason, operations, constants = {}) => {
  const files = smallGraph(operations, { axes, ...constants });
  const backbone = graphBackbone(files, { output: `node${operations.length - 1}` });
  const failed = exportOnnx(backbone);
  await expect(failed).rejects.toThrow(UnsupportedOperationError);
  await expect(failed).rejects.toThrow(reason);
  backbone.dispose();
});
