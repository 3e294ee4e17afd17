import { MissingKernelError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { describeBothWays } from './__fixtures__/elementwise-tests.ts';
import { expectGradients } from './__fixtures__/numeric-gradient.ts';
import { referencePool, type VolumeCase, volumeCases } from './__fixtures__/reference-volumes.ts';
import { expectNoLeak, random, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

const plain: VolumeCase = {
  batch: 1,
  size: [3, 4, 5],
  channels: 2,
  kernel: [2, 3, 2],
  strides: [1, 1, 1],
  dilations: [1, 1, 1],
  pad: 'same',
};

function check(kind: 'max' | 'avg', test: VolumeCase, change?: (value: number) => number): void {
  const { batch, size, channels, kernel, strides, pad, dimRoundingMode, isImage = false } = test;
  const [, ...plane] = size;
  expectGradients(
    {
      shapes: [[batch, ...(isImage ? plane : size), channels]],
      ...(change && { change }),
      operation: (x) => {
        if (isImage) {
          const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
          const [, ...window] = kernel;
          const [, ...steps] = strides;
          return pool(x as tf.Tensor4D, window, steps, pad, dimRoundingMode);
        }
        const pool = kind === 'max' ? tf.maxPool3d : tf.avgPool3d;
        return pool(x as tf.Tensor5D, kernel, strides, pad, dimRoundingMode);
      },
      definition: (x) => referencePool(test, kind, x),
    },
    JSON.stringify({ kind, ...test }),
  );
}

/** Whether every window has a value. The result of one without is undefined. */
function hasNoEmptyWindow(test: VolumeCase): boolean {
  return referencePool(test, 'avg', new Float64Array(3 * 5 * 5 * 5 * 5)).every((mean) => mean === 0);
}

for (const kind of ['max', 'avg'] as const) {
  describeBothWays(`${kind}Pool3d`, () => {
    it('has the values and gradients of its definition for any size, stride and padding', () => {
      const cases = volumeCases
        .map((test): VolumeCase => ({ ...test, dilations: [1, 1, 1] }))
        .filter(hasNoEmptyWindow);
      fc.assert(
        fc.property(cases, (test) => check(kind, test)),
        { numRuns: inject('long') ? 200 : 40, seed: 1 },
      );
    });

    it.each<Partial<VolumeCase>>([
      { pad: 1, kernel: [3, 3, 3], strides: [2, 2, 2], dimRoundingMode: 'ceil' },
      { pad: 0, kernel: [2, 2, 2], strides: [2, 3, 3], dimRoundingMode: 'round' },
      { strides: [3, 3, 3], kernel: [1, 2, 1], size: [5, 5, 5] },
    ])('has them for %j', (change) => {
      check(kind, { ...plain, ...change });
    });

    it('has them for negative values alone', () => {
      check(kind, plain, (value) => value - 2);
    });
  });

  describeBothWays(`${kind}Pool`, () => {
    it.each<Partial<VolumeCase>>([
      { pad: 0, strides: [1, 2, 2], dimRoundingMode: 'ceil' },
      { pad: 1, strides: [1, 3, 2], dimRoundingMode: 'ceil', size: [1, 6, 7], batch: 3, channels: 5 },
      { pad: 0, strides: [1, 3, 3], dimRoundingMode: 'round' },
      { pad: 1, strides: [1, 2, 2], dimRoundingMode: 'floor' },
    ])('has the values and gradients of its definition for %j', (change) => {
      check(kind, { ...plain, size: [1, 4, 6], kernel: [1, 3, 3], isImage: true, ...change });
    });
  });
}

describeBothWays('pooling', () => {
  it('of int32 volumes has the largest values', () => {
    const x = tf.tensor5d([-5, -3, -9, -4, -8, -7, -6, -2], [1, 2, 2, 2, 1], 'int32');
    const largest = tf.maxPool3d(x, [1, 2, 2], 1, 'valid');
    expect(largest.dtype).toBe('int32');
    expect([...largest.dataSync()]).toEqual([-3, -2]);
    tf.dispose([x, largest]);
  });

  it.each([false, true])('finds the largest values and their places, in the batch: %s', (inBatch) => {
    const x = tf.tensor4d([-4, -1, -3, -2, -8, -6, -5, -7], [2, 1, 4, 1]);
    const { result, indexes } = tf.maxPoolWithArgmax(x, [1, 2], [1, 2], 'valid', inBatch) as Record<
      'result' | 'indexes',
      tf.Tensor
    >;
    expect([...result.dataSync()]).toEqual([-1, -2, -6, -5]);
    expect(indexes.dtype).toBe('int32');
    expect([...indexes.dataSync()]).toEqual(inBatch ? [1, 3, 5, 6] : [1, 3, 1, 2]);
    tf.dispose([x, result, indexes]);
  });

  it('of windows that consist of padding alone is that of the cpu backend', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const [pads, none] = [2, Number.NEGATIVE_INFINITY];
    const largest = tf.maxPool(x, 2, 2, pads);
    expect([...largest.dataSync()]).toEqual([none, none, none, none, 4, none, none, none, none]);
    const mean = tf.avgPool(x, 2, 2, pads);
    expect([...mean.dataSync()].filter((value) => !Number.isNaN(value))).toEqual([2.5]);
    const gradient = tf.grad((v) => tf.maxPool(v as tf.Tensor4D, 2, 2, pads))(x);
    expect([...gradient.dataSync()]).toEqual([0, 0, 0, 1]);
    tf.dispose([x, largest, mean, gradient]);
  });

  it('leaves nothing behind', () => {
    const volume = random([2, 3, 4, 5, 3], 1) as tf.Tensor5D;
    const image = random([2, 6, 6, 3], 1) as tf.Tensor4D;
    expectNoLeak(
      () => [
        ...[tf.maxPool3d, tf.avgPool3d].map((pool) =>
          tf.grad((x) => pool(x as tf.Tensor5D, 3, 2, 'same'))(volume),
        ),
        ...[tf.maxPool, tf.avgPool].map((pool) =>
          tf.grad((x) => pool(x as tf.Tensor4D, 3, 2, 0, 'ceil'))(image),
        ),
      ],
      10,
    );
    tf.dispose([volume, image]);
  });

  it('refuses channels first', () => {
    const x = random([1, 2, 3, 4, 5], 1);
    const attributes = { filterSize: 1, strides: 1, pad: 'valid', dataFormat: 'NCDHW' };
    const inputs = { dy: x, input: x };
    for (const name of ['AvgPool3DGrad', 'MaxPool3DGrad']) {
      expect(() => runKernel(name, inputs, attributes)).toThrow(MissingKernelError);
    }
    expect(() => runKernel('MaxPool3D', { x }, attributes)).toThrow(/MaxPool3D.*NDHWC.*NCDHW/);
    x.dispose();
  });
});
