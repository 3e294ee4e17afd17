import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type ConstantReader, fuseNodes } from './fuse-nodes.ts';
import { GraphPart } from './graph-part.ts';
import type { GraphNode } from './graph-topology.ts';

const text = (value: string) => ({ s: btoa(value) });
const list = (...i: number[]) => ({ list: { i: i.map(String) } });
const attr = {
  T: { type: 'DT_FLOAT' },
  strides: list(1, 1, 1, 1),
  dilations: list(1, 1, 1, 1),
  padding: text('SAME'),
  data_format: text('NHWC'),
};
const node = (name: string, op: string, ...input: string[]): GraphNode => ({
  name,
  op,
  input,
  attr: op.includes('Conv') ? attr : { T: attr.T },
});

const values: Readonly<Record<string, readonly [shape: number[], values: number[]]>> = {
  filter: [
    [1, 1, 2, 4],
    [1, -2, 3, 4, -5, 6, 7, -8],
  ],
  depthwise: [
    [1, 1, 4, 2],
    [1, 2, -3, 4, 5, -6, 7, 8],
  ],
  factors: [[8], [1, -1, 2, 0.5, 3, -2, 1, 4]],
  bias4: [[4], [0.5, -1, 1.5, 2]],
  bias8: [[8], [1, 2, 3, 4, 5, 6, 7, 8]],
  six: [[], [6]],
  five: [[], [5]],
  zero: [[], [0]],
};
const constants: ConstantReader = {
  shape: (name) => values[name]?.[0],
  scalar: (name) => values[name]![1][0]!,
};
/** The nodes of the constants that an operation reads, and the operation. */
const graph = (...operations: GraphNode[]): GraphNode[] => [
  ...Object.keys(values).map((name) => ({ name, op: 'Const' })),
  { name: 'images', op: 'Placeholder' },
  ...operations,
];
const operationsOf = (nodes: readonly GraphNode[]) =>
  nodes.filter(({ op }) => op !== 'Const' && op !== 'Placeholder').map(({ name, op }) => `${name} ${op}`);
const fused = (output: string, ...operations: GraphNode[]) =>
  operationsOf(fuseNodes(graph(...operations), output, constants).nodes);

/** A layer of MobileNet as Keras exports it: a convolution, and a depthwise one with factors, each with ReLU6 as limits. */
const layer = [
  node('conv', 'Conv2D', 'images', 'filter'),
  node('shifted', 'Add', 'conv', 'bias4'),
  node('relu', 'Relu', 'shifted'),
  node('low', 'Minimum', 'relu', 'six'),
  node('clipped', 'Maximum', 'low', 'zero'),
  node('deep', 'DepthwiseConv2dNative', 'clipped', 'depthwise'),
  node('scaled', 'Mul', 'deep', 'factors'),
  node('moved', 'Add', 'scaled', 'bias8'),
  node('output', 'Relu', 'moved'),
];

describe('fuseNodes', () => {
  it('fuses a convolution with factors, bias and limits to one node under the last name', () => {
    const { nodes, scaledFilters } = fuseNodes(graph(...layer), 'output', constants);
    expect(operationsOf(nodes)).toEqual(['clipped _FusedConv2D', 'output FusedDepthwiseConv2dNative']);
    expect(scaledFilters).toEqual([
      { name: 'deep/scaled_filter', filter: 'depthwise', factors: 'factors', isDepthwise: true },
    ]);
    const clipped = nodes.find(({ name }) => name === 'clipped')!;
    expect(clipped.input).toEqual(['images', 'filter', 'bias4']);
    expect(clipped.attr).toMatchObject({
      padding: text('SAME'),
      fused_ops: { list: { s: [btoa('BiasAdd'), btoa('Relu6')] } },
    });
  });

  it('ends at the output, at a value that two nodes read, and at operations that differ', () => {
    const [conv, shifted, relu, low] = layer as [GraphNode, GraphNode, GraphNode, GraphNode];
    expect(fused('shifted', conv, shifted, relu)).toEqual(['shifted _FusedConv2D', 'relu Relu']);
    const sum = node('sum', 'AddV2', 'shifted', 'relu');
    expect(fused('sum', conv, shifted, relu, sum)).toEqual([
      'shifted _FusedConv2D',
      'relu Relu',
      'sum AddV2',
    ]);
    const lower = node('low', 'Minimum', 'relu', 'five');
    expect(fused('low', conv, shifted, relu, lower)).toEqual(['relu _FusedConv2D', 'low Minimum']);
    const above = node('above', 'Maximum', 'low', 'five');
    expect(fused('above', conv, shifted, relu, low, above)).toEqual(['low _FusedConv2D', 'above Maximum']);
  });

  it('leaves convolutions without a bias for each channel as they are', () => {
    const [conv] = layer as [GraphNode];
    expect(fused('relu', conv, node('relu', 'Relu', 'conv'))).toEqual(['conv Conv2D', 'relu Relu']);
    const wide = node('wide', 'Add', 'conv', 'bias8');
    expect(fused('wide', conv, wide)).toEqual(['conv Conv2D', 'wide Add']);
    const twice = node('twice', 'Add', 'conv', 'conv');
    expect(fused('twice', conv, twice)).toEqual(['conv Conv2D', 'twice Add']);
  });
});

describeOnBackends('a fused graph', () => {
  it('gives the values of the graph, and frees what it needs', async () => {
    const before = tf.memory().numTensors;
    const weights = Object.fromEntries(
      Object.entries(values).map(([name, [shape, list]]) => [name, tf.tensor(list, shape)]),
    );
    const images = tf.randomUniform([2, 5, 3, 2], -3, 3, 'float32', 3);
    const run = async (isFused: boolean) => {
      const topology = { nodes: graph(...layer), constants: {} };
      const part = new GraphPart(topology, weights, { from: 'images', to: 'output', isFused });
      const result = part.run(images);
      const data = await result.data();
      expect(result.shape).toEqual([2, 5, 3, 8]);
      result.dispose();
      part.dispose();
      return data;
    };
    const plain = await run(false);
    const found = await run(true);
    expect(Math.max(...plain)).toBeGreaterThan(10);
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(plain[index]!, 4);
    tf.dispose([images, weights]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
