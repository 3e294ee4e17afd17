import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';

const text = (value: string) => ({ s: Buffer.from(value).toString('base64') });
const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });

/**
 * Writes a small tfjs graph model: colour images of 16 × 16 pixels in, a convolution of random filters over patches of 4 × 4
 * pixels, 128 features out at the node `features`.
 * @returns the value of `--backbone`
 */
export async function writeGraph(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const float = { type: 'DT_FLOAT' };
  const constant = (name: string, dtype: string, ...shape: number[]) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: dims(...shape) } } },
  });
  const node = [
    { name: 'images', op: 'Placeholder', attr: { dtype: float, shape: { shape: dims(-1, 16, 16, 3) } } },
    constant('kernel', 'DT_FLOAT', 4, 4, 3, 8),
    constant('shape', 'DT_INT32', 2),
    {
      name: 'convolution',
      op: 'Conv2D',
      input: ['images', 'kernel'],
      attr: {
        T: float,
        strides: { list: { i: ['1', '4', '4', '1'] } },
        dilations: { list: { i: ['1', '1', '1', '1'] } },
        padding: text('VALID'),
        data_format: text('NHWC'),
      },
    },
    { name: 'relu', op: 'Relu', input: ['convolution'], attr: { T: float } },
    { name: 'features', op: 'Reshape', input: ['relu', 'shape'], attr: { T: float } },
  ];
  const weights = [
    { name: 'kernel', shape: [4, 4, 3, 8], dtype: 'float32' },
    { name: 'shape', shape: [2], dtype: 'int32' },
  ];
  const random = randomNumbers(5);
  const kernel = Float32Array.from({ length: 4 * 4 * 3 * 8 }, () => random() - 0.5);
  const bytes = Buffer.concat([Buffer.from(kernel.buffer), Buffer.from(Int32Array.of(-1, 128).buffer)]);
  await writeFile(join(folder, 'weights.bin'), bytes);
  const model = {
    format: 'graph-model',
    modelTopology: { node, versions: {} },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  return `graph:${join(folder, 'model.json')}#features`;
}
