import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { dropoutMask } from './dropout-mask.ts';
import { dropout, relu, residualSum } from './elementwise.ts';

describeOnBackends('elementwise operations', () => {
  it('relu has the slope 0 at 0 and below', async () => {
    const x = tf.tensor1d([-1, 0, 2]);
    expect([...(await relu(x).data())]).toEqual([0, 0, 2]);
    expect([
      ...(await tf
        .grad((x) => tf.sum(tf.mul(relu(x), 3)))(x)
        .data()),
    ]).toEqual([0, 0, 3]);
  });

  it('residualSum passes its gradient to both inputs', async () => {
    const inputs = [tf.tensor1d([1, 2]), tf.tensor1d([10, 20])];
    const f = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(residualSum(a, b), tf.tensor1d([3, 4])));
    const gradients = tf.grads((a, b) => f(a!, b!))(inputs);
    expect([...(await residualSum(inputs[0]!, inputs[1]!).data())]).toEqual([11, 22]);
    for (const gradient of gradients) expect([...(await gradient.data())]).toEqual([3, 4]);
    // The same tensor twice gets the sum of both gradients.
    const doubled = tf.grad((x) => tf.sum(residualSum(x, x)))(inputs[0]!);
    expect([...(await doubled.data())]).toEqual([2, 2]);
  });

  it('dropout applies the same mask to its gradient', async () => {
    const x = tf.tensor1d([1, 1, 1, 1, 1, 1, 1, 1]);
    const mask = dropoutMask(8, 0.25, 5);
    expect([...(await dropout(x, 0.25, 5).data())]).toEqual([...mask]);
    expect([
      ...(await tf
        .grad((x) => tf.sum(dropout(x, 0.25, 5)))(x)
        .data()),
    ]).toEqual([...mask]);
  });

  it('frees activations and their gradients after their last use', () => {
    const x = tf.ones([1000]);
    const buffersAtTheEnd = (step: (x: tf.Tensor) => tf.Tensor) => {
      let buffers = 0;
      const probe = tf.customGrad((x) => {
        const gradFunc = (dy: tf.Tensor) => {
          buffers = tf.memory().numDataBuffers;
          return tf.clone(dy);
        };
        return { value: tf.mul(x as tf.Tensor, 1), gradFunc };
      });
      const before = tf.memory().numDataBuffers;
      const chain = (x: tf.Tensor) => {
        let y: tf.Tensor = probe(x);
        for (let index = 0; index < 20; index++) y = step(y);
        return tf.sum(y);
      };
      tf.dispose(tf.grad(chain)(x));
      return buffers - before;
    };
    expect(buffersAtTheEnd(relu)).toBeLessThan(6);
    // The tape of tfjs keeps at least 20 activations and 20 gradients.
    expect(buffersAtTheEnd((x) => tf.relu(x))).toBeGreaterThan(39);
    tf.dispose(x);
  });
});

describe('dropoutMask', () => {
  it('depends only on the seed', () => {
    expect(dropoutMask(100, 0.4, 7)).toEqual(dropoutMask(100, 0.4, 7));
    expect(dropoutMask(100, 0.4, 7)).not.toEqual(dropoutMask(100, 0.4, 8));
  });

  it('drops the given share and keeps the mean', () => {
    const mask = dropoutMask(100_000, 0.4, 1);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.6)]));
    // The standard deviation of the share is √(0.4 · 0.6 / 100000) = 0.0015.
    expect(mask.filter((value) => value === 0).length / mask.length).toBeCloseTo(0.4, 2);
    expect(mask.reduce((sum, value) => sum + value, 0) / mask.length).toBeCloseTo(1, 1);
  });
});
