import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeBackend } from './describe-backend.ts';
import { operation, stopGradient } from './tape.ts';

const images = () => tf.ones([2, 6, 6, 2]) as tf.Tensor4D;
const wrongIn = (forward: () => unknown) => describeBackend([], forward).wrongGradients;

beforeEach(() => tf.setBackend('cpu'));
afterEach(() => tf.setBackend('cpu'));

describe('describeBackend with a forward pass', () => {
  it('names an operation only with the options that the backend gets wrong', () => {
    expect(wrongIn(() => tf.avgPool(images(), 3, 1, 'same'))).toEqual([
      { kernel: 'AvgPool', condition: 'with padding' },
    ]);
    expect(wrongIn(() => tf.avgPool(images(), 3, 1, 1))).toHaveLength(1);
    expect(wrongIn(() => tf.avgPool(images(), 3, 1, 'valid'))).toEqual([]);
    expect(wrongIn(() => tf.avgPool(images(), 3, 1, 0))).toEqual([]);
    expect(wrongIn(() => tf.maxPool(images(), 3, 1, 'same'))).toEqual([]);
    expect(wrongIn(() => tf.image.resizeBilinear(images(), [3, 3]))).toEqual([]);
    expect(wrongIn(() => tf.image.resizeBilinear(images(), [3, 3], false, true))).toEqual([
      { kernel: 'ResizeBilinear', condition: 'with halfPixelCenters' },
    ]);
    expect(
      wrongIn(() => [tf.cumsum(images(), 3), tf.conv2d(images(), tf.ones([3, 3, 2, 2]), 1, 'same')]),
    ).toEqual([]);
    expect(wrongIn(() => tf.cumsum(images(), 1))).toEqual([
      { kernel: 'Cumsum', condition: 'along an axis other than the last' },
    ]);
    expect(wrongIn(() => tf.mirrorPad(tf.ones([3]), [[1, 1]], 'reflect'))).toEqual([
      { kernel: 'MirrorPad', condition: '' },
    ]);
  });

  it('names each operation of a model once, in the order of its layers', () => {
    const model = () => {
      const pooled = tf.avgPool(tf.avgPool(images(), 3, 1, 'same'), 3, 2, 'same');
      return tf.image.resizeNearestNeighbor(pooled, [4, 4], false, true);
    };
    expect(wrongIn(model).map(({ kernel, condition }) => `${kernel} ${condition}`.trim())).toEqual([
      'AvgPool with padding',
      'ResizeNearestNeighbor with halfPixelCenters',
      'ResizeNearestNeighbor with more than one image',
    ]);
  });

  it('leaves out operations of which tfjs takes no gradient', () => {
    const pool = () => tf.avgPool(images(), 3, 1, 'same');
    expect(wrongIn(() => stopGradient(pool))).toEqual([]);
    const own = () =>
      operation(
        [images()],
        () => ({ value: pool() }),
        (dy) => [dy],
      );
    expect(wrongIn(own)).toEqual([]);
  });

  it('knows the faults of each backend', async () => {
    const convolution = () =>
      tf.conv3d(tf.ones<tf.Rank.R5>([1, 3, 3, 3, 1]), tf.ones<tf.Rank.R5>([2, 2, 2, 1, 1]), 1, 'same');
    expect(wrongIn(convolution)).toEqual([]);
    await tf.setBackend('wasm');
    expect(wrongIn(convolution)).toEqual([{ kernel: 'Conv3D', condition: '' }]);
  });

  it('leaks nothing, and leaves the engine as it was after an error', () => {
    const engine = tf.engine();
    const { runKernel } = engine;
    const before = tf.memory().numTensors;
    wrongIn(() => tf.avgPool(images(), 3, 1, 'same'));
    const fail = () => {
      throw new Error('no such layer');
    };
    expect(() => wrongIn(fail)).toThrow('no such layer');
    expect(engine.runKernel).toBe(runKernel);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is empty without one', () => {
    expect(describeBackend().wrongGradients).toEqual([]);
  });
});
