import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  onBothBackends,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, random, relativeError, runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';

interface Case {
  shape: [number, number, number, number];
  filterSize: [number, number];
  strides: [number, number];
  pad: 'same' | 'valid' | number;
  ties: boolean;
}

const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const cases: fc.Arbitrary<Case> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: pair(9),
    channels: fc.constantFrom(1, 2, 3, 4, 5, 8, 11),
    filterSize: pair(4),
    strides: pair(3),
    pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1),
    ties: fc.boolean(),
  })
  .map(({ batch, size, channels, filterSize, strides, pad, ties }): Case => {
    const shape: Case['shape'] = [batch, ...size, channels];
    if (typeof pad === 'string') return { shape, filterSize, strides, pad, ties };
    // For a padding number, tfjs uses the height of the filter and the vertical stride in both directions.
    const square = (value: number): [number, number] => [value, value];
    return { shape, filterSize: square(filterSize[0]), strides: square(strides[0]), pad, ties };
  })
  .filter(({ shape, filterSize, strides, pad }) => {
    // The forward kernels abort for windows of one value. No window may consist of padding alone.
    if (filterSize.every((size) => size === 1)) return false;
    if (typeof pad === 'number' && filterSize.some((size) => size <= pad)) return false;
    const { outHeight, outWidth } = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
    return outHeight > 0 && outWidth > 0;
  });

/** Returns values, some of them equal if `ties`. */
function inputOf({ shape, ties }: Case): tf.Tensor4D {
  const x = random(shape, 1);
  return (ties ? tf.floor(tf.mul(x, 2)) : x) as tf.Tensor4D;
}

describeBothWays('MaxPoolGrad', () => {
  const gradient = (test: Case) => {
    const x = inputOf(test);
    const { filterSize, strides, pad } = test;
    const pool = (from: tf.Tensor) => tf.maxPool(from as tf.Tensor4D, filterSize, strides, pad);
    const dy = random(pool(x).shape, 2);
    return tf.grad(pool)(x, dy);
  };

  it('agrees with the cpu backend, even with equal values', async () => {
    const results = await onBothBackends(fc.sample(cases, { numRuns: 300, seed: 1 }), gradient);
    for (const { wasm, cpu, test } of results) {
      expect(relativeError(wasm[0]!, cpu[0]!), JSON.stringify(test)).toBeLessThan(1e-6);
    }
  });

  it('skips a window without a number', async () => {
    const content = [Number.NaN, Number.NaN, -Infinity, 1, Number.NaN, 3];
    const run = () => {
      const input = tf.tensor4d(content, [1, 1, 6, 1]);
      const output = tf.zeros([1, 1, 3, 1]);
      const dy = tf.tensor4d([1, 2, 3], [1, 1, 3, 1]);
      const attributes = { filterSize: [1, 2], strides: [1, 2], pad: 'valid' };
      return runKernel('MaxPoolGrad', { dy, input, output }, attributes);
    };
    const [result] = await onBothBackends([0], run);
    expect([...result!.wasm[0]!]).toEqual([0, 0, 0, 2, 0, 3]);
    expect(result!.wasm).toEqual(result!.cpu);
  });
});

describeBothWays('AvgPoolGrad', () => {
  it('agrees with the cpu backend without padding', async () => {
    const plain = cases.filter(({ pad }) => pad === 'valid');
    const results = await onBothBackends(fc.sample(plain, { numRuns: 150, seed: 2 }), (test) => {
      const x = inputOf(test);
      const { filterSize, strides, pad } = test;
      const pool = (from: tf.Tensor) => tf.avgPool(from as tf.Tensor4D, filterSize, strides, pad);
      return tf.grad(pool)(x, random(pool(x).shape, 2));
    });
    for (const { wasm, cpu } of results) expect(relativeError(wasm[0]!, cpu[0]!)).toBeLessThan(1e-5);
  });

  it('is the transpose of the forward kernel, even with padding', () => {
    const check = (test: Case) => {
      tf.tidy(() => {
        const { filterSize, strides, pad, shape } = test;
        const v = random(shape, 3) as tf.Tensor4D;
        const pooled = tf.avgPool(v, filterSize, strides, pad);
        const dy = random(pooled.shape, 4);
        const dx = runKernel('AvgPoolGrad', { dy, input: v }, { filterSize, strides, pad });
        // <dy, pool(v)> = <poolᵀ(dy), v> for any v.
        const left = tf.sum(tf.mul(dy, pooled)).dataSync()[0]!;
        const right = tf.sum(tf.mul(dx, v)).dataSync()[0]!;
        expect(Math.abs(left - right)).toBeLessThan(1e-5 * Math.sqrt(pooled.size));
      });
    };
    fc.assert(fc.property(cases, check), { numRuns: 200, seed: 3 });
  });
});

describe('the gradients of pooling', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  const test: Case = {
    shape: [3, 30, 31, 13],
    filterSize: [3, 2],
    strides: [2, 1],
    pad: 'same',
    ties: false,
  };
  const run = () => {
    const { filterSize, strides, pad } = test;
    const input = inputOf(test);
    const output = tf.maxPool(input, filterSize, strides, pad);
    const dy = random(output.shape, 2);
    const attributes = { filterSize, strides, pad };
    return [
      runKernel('MaxPoolGrad', { dy, input, output }, attributes),
      runKernel('AvgPoolGrad', { dy, input }, attributes),
    ];
  };

  it('compute the same bits in any order of chunks', () => {
    const once = () => valuesOf(tf.tidy(run));
    expect(withChunksInReverse(once)).toEqual(once());
  });

  it('leak no memory', () => {
    expectNoLeak(() => tf.tidy(run), 10);
  });
});
