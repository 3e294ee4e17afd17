import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { decodeWeights, type WeightFiles } from './decode-weights.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const half = { dtype: 'float16' as const, original_dtype: 'float32' as const };

/** Every float16, between weights of other types. */
function everyHalf(): WeightFiles {
  const bytes = new Uint8Array(4 + 2 * 65_536 + 3);
  new DataView(bytes.buffer).setInt32(0, 7, true);
  const view = new DataView(bytes.buffer, 4);
  for (let code = 0; code < 65_536; code++) view.setUint16(2 * code, code, true);
  bytes.set([1, 2, 3], 4 + 2 * 65_536);
  return {
    weightSpecs: [
      { name: 'count', shape: [], dtype: 'int32' },
      { name: 'all', shape: [256, 256], dtype: 'float32', quantization: half },
      { name: 'bytes', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: 1 } },
    ],
    weightData: bytes.buffer,
  };
}

/** The weights as plain values, without the tensors. */
async function valuesOf(weights: tf.NamedTensorMap) {
  const entries = Object.entries(weights).map(
    async ([name, weight]) => [name, weight.shape, weight.dtype, await weight.data()] as const,
  );
  const values = await Promise.all(entries);
  tf.dispose(weights);
  return values;
}

const byTfjs = ({ weightSpecs, weightData }: WeightFiles) =>
  tf.io.decodeWeights(tf.io.CompositeArrayBuffer.join(weightData), weightSpecs);

it('expands every float16 to the value that tfjs gives it, and decodes other weights as tfjs does', async () => {
  const files = everyHalf();
  const found = await valuesOf(decodeWeights(files));
  expect(found).toEqual(await valuesOf(byTfjs(files)));
  const [, [name, shape, dtype, values]] = found as [unknown, (typeof found)[number]];
  expect([name, shape, dtype]).toEqual(['all', [256, 256], 'float32']);
  expect([values[0x3c00], values[0xc000], values[1], values[0x7c00]]).toEqual([1, -2, 2 ** -24, Infinity]);
});

it('takes weights in several buffers', async () => {
  const { weightSpecs, weightData } = everyHalf();
  const bytes = weightData as ArrayBuffer;
  const parts = [bytes.slice(0, 1001), bytes.slice(1001)];
  const found = await valuesOf(decodeWeights({ weightSpecs, weightData: parts }));
  expect(found).toEqual(await valuesOf(decodeWeights({ weightSpecs, weightData })));
});

it('takes float32 from the file without a copy if it is aligned, else with one', async () => {
  const weightData = new ArrayBuffer(13);
  new DataView(weightData).setFloat32(0, 1.5, true);
  new DataView(weightData).setFloat32(5, -2.5, true);
  new DataView(weightData).setFloat32(9, 3.5, true);
  const files: WeightFiles = {
    weightSpecs: [
      { name: 'aligned', shape: [1], dtype: 'float32' },
      { name: 'flag', shape: [], dtype: 'bool' },
      { name: 'unaligned', shape: [2], dtype: 'float32' },
    ],
    weightData,
  };
  const weights = decodeWeights(files);
  expect((await weights.aligned!.data()).buffer).toBe(weightData);
  const found = await valuesOf(weights);
  expect(found.map(([, , , values]) => [...values])).toEqual([[1.5], [0], [-2.5, 3.5]]);
});

it('decodes weights without float16, and damaged ones, as tfjs does', async () => {
  const plain: WeightFiles = {
    weightSpecs: [{ name: 'a', shape: [1], dtype: 'float32' }],
    weightData: Float32Array.of(0.25).buffer,
  };
  expect(await valuesOf(decodeWeights(plain))).toEqual(await valuesOf(byTfjs(plain)));
  const short = { ...everyHalf(), weightData: new ArrayBuffer(100) };
  const message = (decode: (files: WeightFiles) => unknown) => {
    try {
      return String(decode(short));
    } catch (error) {
      return String(error);
    }
  };
  expect(message(decodeWeights)).toMatch(/Error/);
  expect(message(decodeWeights)).toBe(message(byTfjs));
  const words = new Uint8Array(4 + 1 + 2);
  words.set([1, 0, 0, 0, 'w'.charCodeAt(0), 0x00, 0x3c]);
  const texts: WeightFiles = {
    weightSpecs: [
      { name: 'words', shape: [1], dtype: 'string' },
      { name: 'a', shape: [1], dtype: 'float32', quantization: half },
    ],
    weightData: words.buffer,
  };
  const found = await valuesOf(decodeWeights(texts));
  expect(found).toEqual(await valuesOf(byTfjs(texts)));
  expect([...found[1]![3]]).toEqual([1]);
});
