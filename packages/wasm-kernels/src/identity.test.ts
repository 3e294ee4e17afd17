import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNoLeak } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('Identity', () => {
  it('returns a tensor on the same memory, which outlives the original', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const buffers = tf.memory().numDataBuffers;
    const copy = tf.clone(x);
    expect(tf.memory().numDataBuffers).toBe(buffers);
    x.dispose();
    tf.fill([1000], 7).dispose();
    expect(copy.shape).toEqual([2, 2]);
    expect([...copy.dataSync()]).toEqual([1, 2, 3, 4]);
    copy.dispose();
  });

  it('returns snapshots that later assignments to a variable do not change', () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const snapshot = tf.clone(variable);
    variable.assign(tf.tensor1d([3, 4]));
    expect([...snapshot.dataSync()]).toEqual([1, 2]);
    tf.dispose([variable, snapshot]);
  });

  it.each(['int32', 'bool'] as const)('keeps %s', (dtype) => {
    const copy = tf.clone(tf.tensor1d([1, 0], dtype));
    expect(copy.dtype).toBe(dtype);
    expect([...copy.dataSync()]).toEqual([1, 0]);
  });

  it('leaks no memory', () => {
    const x = tf.tensor1d([1, 2, 3]);
    expectNoLeak(() => tf.clone(x));
  });
});
