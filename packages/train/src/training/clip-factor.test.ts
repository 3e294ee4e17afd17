import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { clipFactor } from './clip-factor.ts';
import { GradientSum } from './gradient-sum.ts';

describeOnBackends('clipFactor', () => {
  // torch 2.13: gradients [3, 4, 0] and [12, 0], clip_grad_norm_(parameters, 10.) returns 13 and leaves
  // [2.307692050933838, 3.07692289352417, 0.0] and [9.230768203735352, 0.0].
  it('clips like torch.nn.utils.clip_grad_norm_', () => {
    for (const asTensor of [false, true]) {
      const sum = new GradientSum();
      const gradients = [tf.tensor1d([3, 4, 0]), tf.tensor2d([[12, 0]])];
      const variables = gradients.map((gradient) => tf.variable(gradient as tf.Tensor));
      sum.add(new Map(variables.map((variable, index) => [variable, gradients[index]!])));
      const norm = sum.norm();
      expect(norm.dataSync()[0]).toBe(13);
      const factor = asTensor ? clipFactor(norm, 10) : clipFactor(13, 10);
      const clipped = sum.take(factor);
      const values = Object.values(clipped).flatMap((tensor) => [...tensor.dataSync()]);
      for (const [index, value] of [2.307692050933838, 3.07692289352417, 0, 9.230768203735352, 0].entries()) {
        expect(values[index]).toBeCloseTo(value, 5);
      }
      tf.dispose([clipped, norm, variables]);
      if (typeof factor !== 'number') factor.dispose();
    }
  });

  it('does not scale gradients below the limit', () => {
    expect(clipFactor(9.9, 10)).toBe(1);
    expect(tf.tidy(() => clipFactor(tf.scalar(9.9), 10).dataSync()[0])).toBe(1);
  });
});

describeOnBackends('GradientSum', () => {
  it('sums micro-batches, and takes ownership of their tensors without a copy', () => {
    const [first, second] = [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([1]))];
    const { numTensors } = tf.memory();
    const sum = new GradientSum();
    const gradient = tf.tensor1d([5]);
    sum.add(new Map([[first, tf.tensor1d([1, 2])]]));
    sum.add(
      new Map([
        [first, tf.tensor1d([10, 20])],
        [second, gradient],
      ]),
    );
    expect(tf.memory().numTensors).toBe(numTensors + 2);
    const sums = sum.take(1);
    expect([...sums[first.name]!.dataSync()]).toEqual([11, 22]);
    expect(sums[second.name]).toBe(gradient);
    tf.dispose(sums);
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose([first, second]);
  });

  it('keeps precision in long sums of squares', () => {
    const sum = new GradientSum();
    // A million squares of 0.1 sum to 10,000; summed one after another in float32 they lose digits.
    const gradient = tf.fill([1000, 1000], 0.1);
    const variable = tf.variable(tf.scalar(0));
    sum.add(new Map([[variable, gradient]]));
    const norm = sum.norm();
    expect(Math.abs(norm.dataSync()[0]! / 100 - 1)).toBeLessThan(2e-5);
    tf.dispose([norm, variable]);
    sum.dispose();
  });
});
