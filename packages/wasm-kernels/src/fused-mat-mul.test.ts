import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNoLeak, expectTensor, random } from './__fixtures__/run-kernel.ts';
import './index.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('_FusedMatMul', () => {
  it('adds the bias once', () => {
    // The inner dimension spans several blocks of the stock kernel, which adds the bias to each.
    const a = tf.ones([2, 200]) as tf.Tensor2D;
    const b = tf.ones([3, 200]) as tf.Tensor2D;
    const bias = tf.tensor1d([1, 2, 3]);
    const result = tf.fused.matMul({ a, b, transposeB: true, bias });
    expectTensor(result, [2, 3], [201, 202, 203, 201, 202, 203]);
  });

  const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
  for (const activation of activations) {
    it(`applies ${activation} as for untransposed matrices`, () => {
      const a = random([7, 60], 1) as tf.Tensor2D;
      const b = random([60, 5], 2) as tf.Tensor2D;
      const bias = random([5], 3);
      const options = {
        bias,
        activation,
        leakyreluAlpha: 0.3,
        ...(activation === 'prelu' && { preluActivationWeights: random([1, 5], 4) }),
      };
      const plain = tf.fused.matMul({ a, b, ...options });
      const expected = plain.dataSync();
      const aTransposed = tf.transpose(a) as tf.Tensor2D;
      const bTransposed = tf.transpose(b) as tf.Tensor2D;
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const operands = { a: transposeA ? aTransposed : a, b: transposeB ? bTransposed : b };
          expectTensor(
            tf.fused.matMul({ ...operands, transposeA, transposeB, ...options }),
            [7, 5],
            expected,
          );
        }
      }
      expectNoLeak(() => tf.fused.matMul({ a, b: bTransposed, transposeB: true, ...options }), 5);
    });
  }

  it('multiplies batches', () => {
    const a = random([2, 3, 100], 1) as tf.Tensor3D;
    const b = random([2, 100, 4], 2) as tf.Tensor3D;
    const bias = random([4], 3);
    const expected = tf.relu(tf.add(tf.matMul(a, b), bias)).dataSync();
    const result = tf.fused.matMul({ a, b, bias, activation: 'relu' });
    expectTensor(result, [2, 3, 4], expected);
  });

  it('names an activation that it does not know', () => {
    const a = tf.ones([2, 2]) as tf.Tensor2D;
    const call = () => tf.fused.matMul({ a, b: a, transposeB: true, activation: 'gelu' as 'relu' });
    expect(call).toThrow(/gelu/);
  });
});
