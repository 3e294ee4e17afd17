import type { GraphFiles } from '../graph-model.ts';
import type { GraphNode } from '../graph-topology.ts';
import { createRandom } from './tiny-random.ts';

const weights: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ['scale', []],
  ['conv1/filters', [3, 3, 1, 3]],
  ['conv1/bias', [3]],
  ['conv2/filters', [3, 3, 3, 4]],
  ['conv2/bias', [4]],
  ['conv3/filters', [1, 1, 4, 4]],
  ['fc', [4, 5]],
  ['unused', [7]],
];

const list = (...i: number[]) => ({ list: { i: i.map(String) } });
const float32 = { T: { type: 'DT_FLOAT' } };
const convolution = (stride: number) => ({
  ...float32,
  strides: list(1, stride, stride, 1),
  dilations: list(1, 1, 1, 1),
  padding: { s: btoa('SAME') },
  data_format: { s: btoa('NHWC') },
});

const operations: readonly GraphNode[] = [
  {
    name: 'images',
    op: 'Placeholder',
    attr: { shape: { shape: { dim: [-1, 6, 6, 1].map((size) => ({ size: String(size) })) } } },
  },
  { name: 'scaled', op: 'Mul', input: ['images', 'scale'], attr: float32 },
  { name: 'conv1', op: 'Conv2D', input: ['scaled', 'conv1/filters'], attr: convolution(1) },
  { name: 'conv1/shifted', op: 'BiasAdd', input: ['conv1', 'conv1/bias'], attr: float32 },
  { name: 'conv1/relu', op: 'Relu', input: ['conv1/shifted'], attr: float32 },
  { name: 'conv2', op: 'Conv2D', input: ['conv1/relu', 'conv2/filters'], attr: convolution(2) },
  { name: 'conv2/shifted', op: 'AddV2', input: ['conv2:0', 'conv2/bias'], attr: float32 },
  // Two paths: no stage can end between them.
  { name: 'conv3', op: 'Conv2D', input: ['conv2/shifted', 'conv3/filters'], attr: convolution(1) },
  { name: 'sum', op: 'AddV2', input: ['conv2/shifted', 'conv3'], attr: float32 },
  { name: 'pooled', op: 'Mean', input: ['sum', 'axes'], attr: { ...float32, keep_dims: { b: false } } },
  { name: 'embedding', op: 'MatMul', input: ['pooled', 'fc'], attr: float32 },
  { name: 'other', op: 'Mul', input: ['embedding', 'unused'], attr: float32 },
];

/**
 * A graph model of two stages with an output node `embedding` of 5 numbers: images `[batch, 6, 6, 1]`, a convolution, one of
 * stride 2, a residual connection, the mean, a linear map. A second output, `other`, is not needed for it.
 */
export function tinyGraph(): GraphFiles {
  const random = createRandom(1);
  const values = weights.map(([name, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return name === 'scale' ? [0.5] : Array.from({ length: size }, () => random() - 0.4);
  });
  const constants = [...weights.map(([name]) => name), 'axes'];
  const bytes = [...values.map((row) => new Uint8Array(Float32Array.from(row).buffer))];
  bytes.push(new Uint8Array(Int32Array.from([1, 2]).buffer));
  return {
    modelTopology: {
      node: [...constants.map((name) => ({ name, op: 'Const' })), ...operations],
      versions: { producer: 0, minConsumer: 0 },
    },
    weightSpecs: [
      ...weights.map(([name, shape]) => ({ name, shape: [...shape], dtype: 'float32' as const })),
      { name: 'axes', shape: [2], dtype: 'int32' },
    ],
    weightData: Uint8Array.from(bytes.flatMap((part) => [...part])).buffer,
  };
}
