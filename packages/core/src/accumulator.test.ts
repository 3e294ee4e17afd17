import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { Accumulator } from './accumulator.ts';

describeOnBackends('Accumulator', () => {
  it('sums across tidies and holds one tensor', () => {
    const { numTensors } = tf.memory();
    const sum = new Accumulator<tf.Tensor1D>();
    for (const term of [1, 10, 100]) {
      tf.tidy(() => sum.add(tf.tensor1d([term, -term])));
      expect(tf.memory().numTensors).toBe(numTensors + 1);
    }
    expect([...sum.value.dataSync()]).toEqual([111, -111]);
    tf.tidy(() => sum.set(tf.tensor1d([5])));
    expect([...sum.value.dataSync()]).toEqual([5]);
    tf.tidy(() => {
      expect([...sum.take().dataSync()]).toEqual([5]);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('does not take ownership of its first term', () => {
    const sum = new Accumulator<tf.Scalar>();
    const term = tf.scalar(2);
    sum.add(term);
    sum.dispose();
    expect(term.dataSync()[0]).toBe(2);
    term.dispose();
    expect(() => sum.value).toThrow('Nothing was accumulated');
  });
});
