import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { expectGradients } from './__fixtures__/numeric-gradient.ts';
import { expectNoLeak, random } from './__fixtures__/run-kernel.ts';
import './index.ts';

interface Case {
  batch: number;
  channels: number;
  size: [number, number];
  resized: [number, number];
  mode: 'plain' | 'alignCorners' | 'halfPixelCenters';
}

const sizes = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }));
const cases: fc.Arbitrary<Case> = fc.record({
  batch: fc.constantFrom(1, 3),
  channels: fc.constantFrom(1, 2, 5),
  size: sizes,
  resized: sizes,
  mode: fc.constantFrom<Case['mode']>('plain', 'alignCorners', 'halfPixelCenters'),
});

/** Returns the inputs that an output reads along one axis, with their weights. */
type Readings = (output: number, size: number, resized: number, mode: Case['mode']) => [number, number][];

function scaleOf(size: number, resized: number, mode: Case['mode']): number {
  return mode === 'alignCorners' && resized > 1 ? (size - 1) / (resized - 1) : size / resized;
}

const bilinear: Readings = (output, size, resized, mode) => {
  const scale = scaleOf(size, resized, mode);
  const position = mode === 'halfPixelCenters' ? (output + 0.5) * scale - 0.5 : output * scale;
  const inside = Math.min(Math.max(position, 0), size - 1);
  const lower = Math.floor(inside);
  return [
    [lower, 1 - (inside - lower)],
    [Math.min(lower + 1, size - 1), inside - lower],
  ];
};

const nearest: Readings = (output, size, resized, mode) => {
  const scale = scaleOf(size, resized, mode);
  if (mode === 'alignCorners') return [[Math.min(Math.round(output * scale), size - 1), 1]];
  const position = mode === 'halfPixelCenters' ? (output + 0.5) * scale : output * scale;
  return [[Math.min(Math.floor(position), size - 1), 1]];
};

function resize(x: Float64Array, { batch, channels, size, resized, mode }: Case, readings: Readings) {
  const [height, width] = size;
  const [outHeight, outWidth] = resized;
  const result: number[] = [];
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let column = 0; column < outWidth; column++) {
        for (let channel = 0; channel < channels; channel++) {
          let sum = 0;
          for (const [row, rowWeight] of readings(y, height, outHeight, mode)) {
            for (const [at, weight] of readings(column, width, outWidth, mode)) {
              sum += rowWeight * weight * x[((image * height + row) * width + at) * channels + channel]!;
            }
          }
          result.push(sum);
        }
      }
    }
  }
  return result;
}

const operations = {
  bilinear: { resizeImages: tf.image.resizeBilinear, readings: bilinear },
  'nearest neighbor': { resizeImages: tf.image.resizeNearestNeighbor, readings: nearest },
};

beforeAll(async () => {
  await tf.setBackend('wasm');
});

describe.each(Object.entries(operations))('resizing, %s', (_, { resizeImages, readings }) => {
  const check = (test: Case) => {
    const { batch, channels, size, resized, mode } = test;
    expectGradients(
      {
        shapes: [[batch, ...size, channels]],
        operation: (x) =>
          resizeImages(x as tf.Tensor4D, resized, mode === 'alignCorners', mode === 'halfPixelCenters'),
        definition: (x) => resize(x, test, readings),
      },
      JSON.stringify(test),
    );
  };

  it('has the values and gradients of its definition for any sizes', () => {
    fc.assert(fc.property(cases, check), { numRuns: inject('long') ? 500 : 150, seed: 1 });
  });

  it.each(['plain', 'alignCorners', 'halfPixelCenters'] as const)('has them for squares: %s', (mode) => {
    for (const size of [1, 4, 6, 12]) {
      check({ batch: 2, channels: 2, size: [6, 6], resized: [size, size], mode });
    }
  });

  it('gives each input the gradients of all outputs that read it', () => {
    const x = tf.tensor4d([1, 2], [1, 1, 2, 1]);
    const total = tf.grad((images) => tf.sum(resizeImages(images as tf.Tensor4D, [3, 4], false, true)))(x);
    expect([...total.dataSync()]).toEqual([6, 6]);
    tf.dispose([x, total]);
  });

  it('leaves nothing behind', () => {
    const x = random([3, 4, 5, 2], 1) as tf.Tensor4D;
    const gradient = tf.grad((images) => resizeImages(images as tf.Tensor4D, [7, 3], false, true));
    expectNoLeak(() => gradient(x), 20);
    x.dispose();
  });
});
