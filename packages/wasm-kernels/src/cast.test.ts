import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectNoLeak, random } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

it('casts numbers to truth values as the cpu backend does', () => {
  const truths = tf.cast(tf.tensor1d([0.5, 0, -0, -1, 256, Number.NaN]), 'bool');
  expect(truths.dtype).toBe('bool');
  expect([...truths.dataSync()]).toEqual([1, 0, 0, 1, 1, 1]);
  expect([...tf.cast(tf.tensor1d([256, 0], 'int32'), 'bool').dataSync()]).toEqual([1, 0]);
  expect([...tf.cast(truths, 'float32').dataSync()]).toEqual([1, 0, 0, 1, 1, 1]);
});

it('truncates other numbers, and leaves nothing behind', () => {
  expect([...tf.cast(tf.tensor1d([1.9, -1.9]), 'int32').dataSync()]).toEqual([1, -1]);
  const x = random([3, 4], 1);
  for (const dtype of ['bool', 'int32', 'float32'] as const) expectNoLeak(() => tf.cast(x, dtype), 10);
  x.dispose();
});
