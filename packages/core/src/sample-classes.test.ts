import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sampleClasses, sampleClassShare } from './sample-classes.ts';

function draw(labels: number[], options: { numClasses: number; count: number; seed: number }): number[] {
  const tensor = tf.tensor1d(labels, 'int32');
  const classes = sampleClasses(tensor, options);
  expect(classes.dtype).toBe('int32');
  const values = [...classes.dataSync()];
  tf.dispose([tensor, classes]);
  return values;
}

describeOnBackends('sampleClasses', () => {
  it('returns all labels and the given number of classes, each once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 0, max: 80 }),
        fc.integer(),
        (numClasses, numbers, count, seed) => {
          const labels = numbers.map((number) => number % numClasses);
          const classes = draw(labels, { numClasses, count, seed });
          expect(classes).toHaveLength(Math.min(numClasses, Math.max(count, labels.length)));
          expect(new Set(classes).size).toBe(classes.length);
          expect(classes.every((each) => each >= 0 && each < numClasses)).toBe(true);
          expect(labels.filter((label) => !classes.includes(label))).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('depends only on the seed', () => {
    const options = { numClasses: 1000, count: 100 };
    const first = draw([3, 999], { ...options, seed: 1 });
    expect(draw([3, 999], { ...options, seed: 1 })).toEqual(first);
    expect(draw([3, 999], { ...options, seed: 2 })).not.toEqual(first);
  });

  it('draws every class with the same probability', () => {
    const counts = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      for (const each of draw([0], { numClasses: 20, count: 5, seed })) counts[each]!++;
    }
    expect(counts[0]).toBe(400);
    // 4 of the other 19 classes each time: 400 · 4/19 = 84, standard deviation 8
    expect(counts.slice(1).filter((count) => count < 44 || count > 124)).toEqual([]);
  });

  it('leaks no tensor and works inside a gradient tape', () => {
    const labels = tf.tensor1d([1, 2], 'int32');
    const { numTensors } = tf.memory();
    const x = tf.scalar(2);
    const gradient = tf.grad((value) => {
      sampleClasses(labels, { numClasses: 9, count: 4, seed: 0 });
      return tf.customGrad((y) => ({ value: tf.mul(y as tf.Tensor, 3), gradFunc: (dy) => tf.mul(dy, 3) }))(
        value,
      );
    })(x);
    expect(gradient.dataSync()[0]).toBe(3);
    tf.dispose([x, gradient]);
    expect(tf.memory().numTensors).toBe(numTensors);
    labels.dispose();
  });
});

describeOnBackends('sampleClassShare', () => {
  it.each([
    // rate, labels, number of classes out of 20
    [0.5, [3, 3, 3, 3], 10],
    [0.25, [0, 1, 2, 3, 4, 5, 5, 6], 7],
    [0.25, [7, 7, 7, 7, 7, 7, 8], 5],
    [0.01, [7, 8, 7], 2],
    [0.29, [1], 5],
    [1, [1, 2], 20],
  ])('of %d with labels %j draws %d classes', (rate, labels, count) => {
    const tensor = tf.tensor1d(labels, 'int32');
    const { numTensors } = tf.memory();
    const classes = sampleClassShare(tensor, { numClasses: 20, rate, seed: 3 });
    const values = [...classes.dataSync()];
    expect(values).toHaveLength(count);
    expect(new Set(values).size).toBe(count);
    expect(values).toEqual(expect.arrayContaining(labels));
    classes.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    tensor.dispose();
  });
});
