import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { WeightFiles } from './expand-halves.ts';
import { expandHalves } from './expand-halves.ts';

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

it('expands every float16 to the value that tfjs gives it, and leaves other weights as they are', async () => {
  const { weightSpecs, weightData } = everyHalf();
  const expected = tf.io.decodeWeights(weightData as ArrayBuffer, weightSpecs);
  const expanded = expandHalves({ weightSpecs, weightData });
  expect(expanded.weightSpecs[1]).toEqual({ name: 'all', shape: [256, 256], dtype: 'float32' });
  const found = tf.io.decodeWeights(expanded.weightData as ArrayBuffer, expanded.weightSpecs);
  const values = await found.all!.data();
  expect([values[0x3c00], values[0xc000], values[1], values[0x7c00]]).toEqual([1, -2, 2 ** -24, Infinity]);
  for (const name of ['count', 'all', 'bytes'])
    expect(await found[name]!.data()).toEqual(await expected[name]!.data());
  tf.dispose([expected, found]);
});

it('takes weights in several buffers', () => {
  const { weightSpecs, weightData } = everyHalf();
  const bytes = weightData as ArrayBuffer;
  const parts = [bytes.slice(0, 1001), bytes.slice(1001)];
  expect(expandHalves({ weightSpecs, weightData: parts })).toEqual(expandHalves({ weightSpecs, weightData }));
});

it('returns weights without float16, and damaged ones, unchanged', () => {
  const plain: WeightFiles = {
    weightSpecs: [{ name: 'a', shape: [1], dtype: 'float32' }],
    weightData: new ArrayBuffer(4),
  };
  expect(expandHalves(plain)).toEqual(plain);
  const short = { ...everyHalf(), weightData: new ArrayBuffer(100) };
  expect(expandHalves(short)).toEqual(short);
  const texts: WeightFiles = {
    weightSpecs: [
      { name: 'words', shape: [1], dtype: 'string' },
      { name: 'a', shape: [1], dtype: 'float32', quantization: half },
    ],
    weightData: new ArrayBuffer(7),
  };
  expect(expandHalves(texts)).toEqual(texts);
});
