import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { expectGradients } from './__fixtures__/numeric-gradient.ts';
import { expectNoLeak, random } from './__fixtures__/run-kernel.ts';
import './index.ts';

interface Case {
  batch: number;
  size: [number, number];
  channels: number;
  kernel: [number, number];
  strides: [number, number];
  dilations: [number, number];
  pad: 'same' | 'valid';
}

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const cases: fc.Arbitrary<Case> = fc
  .record({
    batch: fc.constantFrom(1, 3),
    size: pair(6),
    channels: fc.constantFrom(1, 2, 5),
    kernel: pair(3),
    strides: pair(3),
    dilations: pair(3),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  })
  .filter((test) => geometryOf(test).outHeight > 0 && geometryOf(test).outWidth > 0)
  // With 'same' and a dilation above the size, a window may consist of padding alone.
  .filter((test) => dilate(test, new Float64Array(540), new Float64Array(45)).every((value) => value === 0));

function geometryOf({ batch, size, channels, kernel, strides, dilations, pad }: Case) {
  return tf.backend_util.computeDilation2DInfo(
    [batch, ...size, channels],
    [...kernel, channels],
    strides,
    pad,
    'NHWC',
    dilations,
  );
}

function dilate(test: Case, x: Float64Array, filter: Float64Array): number[] {
  const { batch, size, channels, kernel, strides, dilations } = test;
  const { outHeight, outWidth, padInfo } = geometryOf(test);
  const result: number[] = [];
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let channel = 0; channel < channels; channel++) {
          let largest = Number.NEGATIVE_INFINITY;
          for (let tapY = 0; tapY < kernel[0]; tapY++) {
            for (let tapX = 0; tapX < kernel[1]; tapX++) {
              const y = row * strides[0] + tapY * dilations[0] - padInfo.top;
              const at = column * strides[1] + tapX * dilations[1] - padInfo.left;
              if (y < 0 || y >= size[0] || at < 0 || at >= size[1]) continue;
              const value = x[((image * size[0] + y) * size[1] + at) * channels + channel]!;
              largest = Math.max(largest, value + filter[(tapY * kernel[1] + tapX) * channels + channel]!);
            }
          }
          result.push(largest);
        }
      }
    }
  }
  return result;
}

function check(test: Case, change = (value: number) => value): void {
  const { batch, size, channels, kernel, strides, dilations, pad } = test;
  expectGradients(
    {
      shapes: [
        [batch, ...size, channels],
        [...kernel, channels],
      ],
      change,
      operation: (x, filter) =>
        tf.dilation2d(x as tf.Tensor4D, filter as tf.Tensor3D, strides, pad, dilations),
      definition: (x, filter) => dilate(test, x, filter),
    },
    JSON.stringify(test),
  );
}

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe('dilation2d', () => {
  it('has the values and gradients of its definition for any stride, dilation and padding', () => {
    fc.assert(
      fc.property(cases, (test) => check(test)),
      { numRuns: inject('long') ? 300 : 80, seed: 1 },
    );
  });

  it('has them for negative sums alone', () => {
    const test: Case = {
      batch: 2,
      size: [5, 4],
      channels: 3,
      kernel: [2, 3],
      strides: [1, 2],
      dilations: [1, 1],
      pad: 'same',
    };
    check(test, (value) => value - 2);
  });

  it('accepts int32, and refuses tensors of two dtypes', () => {
    const x = tf.tensor4d([-4, -9], [1, 1, 2, 1], 'int32');
    const filter = tf.tensor3d([-1, 3], [1, 2, 1], 'int32');
    const result = tf.dilation2d(x, filter, 1, 'valid');
    expect([result.dtype, ...result.dataSync()]).toEqual(['int32', -5]);
    expect(() => tf.dilation2d(x, tf.zeros([1, 2, 1]), 1, 'valid')).toThrow(/x is int32 and filter float32/);
  });

  it('leaves nothing behind', () => {
    const operands = [random([2, 5, 4, 3], 1), random([2, 3, 3], 2)];
    const gradients = tf.grads((x, filter) =>
      tf.dilation2d(x as tf.Tensor4D, filter as tf.Tensor3D, 1, 'same'),
    );
    expectNoLeak(() => gradients(operands), 20);
    tf.dispose(operands);
  });
});
