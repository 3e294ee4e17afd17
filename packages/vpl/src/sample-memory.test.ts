import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  initialSamples,
  injectionShares,
  rememberSamples,
  type SampleMemory,
  suitableVpl,
} from './sample-memory.ts';

function memoryAt(iteration: number, memoryIterations: readonly number[]): SampleMemory {
  return {
    sampleMemory: tf.variable(tf.zeros<tf.Rank.R2>([memoryIterations.length, 2])),
    memoryIterations: tf.variable(tf.tensor1d([...memoryIterations], 'int32')),
    iteration: tf.variable(tf.tensor1d([iteration], 'int32')),
  };
}

function dispose(memory: SampleMemory): void {
  tf.dispose([memory.sampleMemory, memory.memoryIterations, memory.iteration]);
}

describeOnBackends('the memory of samples', () => {
  it('starts with random directions', () => {
    const rows = initialSamples({ numClasses: 3, embeddingSize: 4 }, 7);
    const lengths = tf.tidy(() => [...tf.norm(rows, 2, 1).dataSync()]);
    expect(rows.shape).toEqual([3, 4]);
    for (const length of lengths) expect(length).toBeCloseTo(1, 5);
    rows.dispose();
  });

  it('counts after the start, for samples of at most the maximum age', () => {
    const rule = { injection: 0.25, maximumAge: 5, startIteration: 9 };
    const shares = (iteration: number) => {
      const memory = memoryAt(iteration, [4, 5, 9]);
      const values = tf.tidy(() => [...injectionShares(memory, rule).dataSync()]);
      dispose(memory);
      return values;
    };
    expect(shares(9)).toEqual([0, 0, 0]);
    // In step 10 the ages are 6, 5 and 1.
    expect(shares(10)).toEqual([0, 0.25, 0.25]);
  });

  it('remembers the last sample of each class, and the step', () => {
    const memory = memoryAt(6, [0, 2, 3]);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const rows = tf.tensor2d([1, 0, 0, 1, -1, 0], [3, 2]);
      rememberSamples(memory, tf.tensor1d([2, 0, 2], 'int32'), rows);
    });
    expect(tf.memory().numTensors).toBe(before);
    expect([...memory.sampleMemory.dataSync()]).toEqual([0, 1, 0, 0, -1, 0]);
    expect([...memory.memoryIterations.dataSync()]).toEqual([6, 2, 6]);
    expect([...memory.iteration.dataSync()]).toEqual([7]);
    dispose(memory);
  });
});

it('starts early in the short runs of few identities, and never before a sample can be too old', () => {
  const starts = [10, 982, 20_000].map((count) => suitableVpl(count).startIteration);
  expect(starts).toEqual([300, 491, 8000]);
});
