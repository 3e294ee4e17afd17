import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const list = (...i: number[]) => ({ list: { i: i.map(String) } });
const float32 = { T: { type: 'DT_FLOAT' } };
const convolution = (stride: number) => ({
  ...float32,
  strides: list(1, stride, stride, 1),
  dilations: list(1, 1, 1, 1),
  padding: { s: btoa('SAME') },
  data_format: { s: btoa('NHWC') },
});
const weights: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ['conv1/filters', [3, 3, 1, 4]],
  ['conv2/filters', [3, 3, 4, 6]],
];

/**
 * Writes a tfjs graph model with an output node `embedding` of 6 numbers: images `[batch, 6, 6, 1]`, a convolution, one of
 * stride 2, the mean.
 */
export async function writeTinyGraph(path: string): Promise<void> {
  const sizes = weights.map(([, shape]) => shape.reduce((product, length) => product * length, 1));
  const values = sizes.flatMap((size, part) =>
    Array.from({ length: size }, (_, index) => Math.sin(17 * index + part) / 3),
  );
  const dim = [-1, 6, 6, 1].map((size) => ({ size: String(size) }));
  const json = {
    modelTopology: {
      node: [
        ...[...weights.map(([name]) => name), 'axes'].map((name) => ({ name, op: 'Const' })),
        { name: 'images', op: 'Placeholder', attr: { shape: { shape: { dim } } } },
        { name: 'conv1', op: 'Conv2D', input: ['images', 'conv1/filters'], attr: convolution(1) },
        { name: 'relu', op: 'Relu', input: ['conv1'], attr: float32 },
        { name: 'conv2', op: 'Conv2D', input: ['relu', 'conv2/filters'], attr: convolution(2) },
        {
          name: 'embedding',
          op: 'Mean',
          input: ['conv2', 'axes'],
          attr: { ...float32, keep_dims: { b: false } },
        },
      ],
      versions: { producer: 0, minConsumer: 0 },
    },
    weightsManifest: [
      {
        paths: ['graph.bin'],
        weights: [
          ...weights.map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
          { name: 'axes', shape: [2], dtype: 'int32' },
        ],
      },
    ],
  };
  await writeFile(path, JSON.stringify(json));
  const bytes = Buffer.concat([
    Buffer.from(Float32Array.from(values).buffer),
    Buffer.from(Int32Array.from([1, 2]).buffer),
  ]);
  await writeFile(join(dirname(path), 'graph.bin'), bytes);
}
