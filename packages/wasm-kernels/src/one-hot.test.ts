import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNoLeak, expectTensor } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('OneHot', () => {
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    it(`writes ${dtype}, and skips indices out of range`, () => {
      const indices = tf.tensor1d([1, -1, 3, 0], 'int32');
      const result = tf.oneHot(indices, 3, 1, 0, dtype);
      expect(result.dtype).toBe(dtype);
      expectTensor(result, [4, 3], [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    });
  }

  it('keeps fractional values', () => {
    const result = tf.oneHot(tf.tensor2d([[1], [0]], [2, 1], 'int32'), 2, 0.9, 0.05, 'float32');
    expectTensor(result, [2, 1, 2], [0.05, 0.9, 0.9, 0.05]);
  });

  it('leaks no memory', () => {
    const indices = tf.tensor1d([0, 1, 2], 'int32');
    expectNoLeak(() => tf.oneHot(indices, 10, 1, 0, 'float32'));
  });
});
