import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  expectSameValues,
  onBothBackends,
  runOutputs,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, expectTensor, random, relativeError, values } from './__fixtures__/run-kernel.ts';
import './index.ts';

/** Shapes of x and of an alpha that has the last axes of x after axes of size 1. */
const repeated = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
    own: fc.nat({ max: 3 }),
    ones: fc.nat({ max: 2 }),
  })
  .map(({ shape, own, ones }) => {
    const kept = Math.min(own, shape.length);
    const filled = Math.min(ones, shape.length - kept);
    return { shape, alpha: [...Array<number>(filled).fill(1), ...shape.slice(shape.length - kept)] };
  });

const large = [
  { shape: [40, 31, 33, 3], alpha: [3] },
  { shape: [9, 20, 20, 65], alpha: [1, 1, 65] },
  { shape: [200_001], alpha: [1] },
  { shape: [128, 1001], alpha: [1001] },
  { shape: [3, 50, 30, 16], alpha: [50, 30, 16] },
  { shape: [30, 16], alpha: [] },
];

describeBothWays('Prelu', () => {
  it('agrees with the cpu backend for every broadcast of alpha', async () => {
    const any = repeated.chain(({ shape, alpha }) =>
      fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }).map((ones) => ({
        shape,
        alpha: ones.some(Boolean) ? shape.map((size, axis) => (ones[axis] ? 1 : size)) : alpha,
      })),
    );
    const cases = [...fc.sample(any, { numRuns: 200, seed: 1 }), ...large];
    const results = await onBothBackends(cases, ({ shape, alpha }) =>
      tf.prelu(random(shape, 1), random(alpha, 2)),
    );
    for (const { wasm, cpu } of results) expectSameValues(wasm, cpu);
  });

  it('follows an alpha that changes in place', () => {
    // An optimiser changes it in place. XNNPACK caches a packed copy by tensor id.
    const alpha = tf.tensor1d([0.5, 0.25]);
    const x: tf.Tensor = tf.tensor2d([-4, -4, 4, -8], [2, 2]);
    expectTensor(tf.prelu(x, alpha as tf.Tensor), [2, 2], [-2, -1, 4, -2]);
    const backend = tf.backend() as unknown as { typedArrayFromHeap(tensor: tf.Tensor): Float32Array };
    backend.typedArrayFromHeap(alpha).set([2, 1]);
    expectTensor(tf.prelu(x, alpha as tf.Tensor), [2, 2], [-8, -4, 4, -8]);
  });

  it('preserves non-finite values', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const x = tf.tensor1d([nan, infinity, -infinity, -1, 1]);
    expect([...tf.prelu(x, tf.tensor1d([0.5])).dataSync()]).toEqual([nan, infinity, -infinity, -0.5, 1]);
    expect([...tf.prelu(x, tf.tensor1d([nan])).dataSync()]).toEqual([nan, infinity, nan, nan, 1]);
  });

  it('supports integers', () => {
    expectTensor(tf.prelu(tf.tensor1d([-2, 3], 'int32'), tf.tensor1d([0.5])), [2], [-1, 3]);
  });

  it('names mismatched shapes', () => {
    const grow = () => tf.prelu(tf.ones([1, 3]), tf.ones([2, 3]));
    expect(grow).toThrow(/\[2,3\].*\[1,3\]/);
  });

  it('leaks no memory', () => {
    const x = random([4, 5, 6], 1);
    const [last, first] = [random([6], 2), random([4, 1, 1], 3)];
    expectNoLeak(() => [tf.prelu(x, last), tf.prelu(x, first)]);
  });
});

describeBothWays('PreluGrad', () => {
  it('agrees with the gradients of tfjs on the cpu backend', async () => {
    const cases = [...fc.sample(repeated, { numRuns: 200, seed: 2 }), ...large];
    const expected = await onBothBackends(cases, ({ shape, alpha }) => {
      const [x, dy, slopes] = [random(shape, 1), random(shape, 3), random(alpha, 2)];
      if (tf.getBackend() === 'wasm') return runOutputs('PreluGrad', { dy, x, alpha: slopes }, {});
      return tf.grads((from, slope) => tf.prelu(from, slope))([x, slopes], dy);
    });
    for (const { wasm, cpu } of expected) {
      expectSameValues([wasm[0]!], [cpu[0]!]);
      // The cpu backend rounds each product to float32.
      expect(relativeError(wasm[1]!, cpu[1]!)).toBeLessThan(1e-5);
    }
  });

  it('adds the gradient of alpha without drift', () => {
    const x = tf.fill([1_000_000, 1], -0.1);
    const dy = tf.ones([1_000_000, 1]);
    const [, slope] = valuesOf(runOutputs('PreluGrad', { dy, x, alpha: tf.tensor1d([0.5]) }, {}));
    expect(Math.abs(slope![0]! / (-1_000_000 * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
    tf.dispose([x, dy]);
  });

  it('names the mismatched operand', () => {
    const [x, dy] = [tf.ones([4, 3]), tf.ones([4, 3])];
    const run = (inputs: object) => () => runOutputs('PreluGrad', { dy, x, ...inputs } as never, {});
    expect(run({ alpha: tf.ones([4, 1]) })).toThrow(/alpha.*\[4,1\].*\[4,3\]/);
    expect(run({ alpha: tf.ones([3]), dy: tf.ones([4]) })).toThrow(/dy.*\[4\].*12 elements/);
  });

  it('leaks no memory', () => {
    const [x, alpha] = [random([4, 5, 6], 1), random([6], 2)];
    expectNoLeak(() => runOutputs('PreluGrad', { dy: x, x, alpha }, {}));
  });
});

describe('Prelu', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('computes the same bits in any order of chunks', () => {
    for (const { shape, alpha } of large) {
      const [x, dy, slopes] = [random(shape, 1), random(shape, 3), random(alpha, 2)];
      const run = () =>
        valuesOf([tf.prelu(x, slopes), ...runOutputs('PreluGrad', { dy, x, alpha: slopes }, {})]);
      expectSameValues(withChunksInReverse(run), run());
      tf.dispose([x, dy, slopes]);
    }
  });

  it('computes LeakyRelu', () => {
    const content = values(100_003, 1);
    const x = tf.tensor1d(content);
    const expected = content.map((value) => (value < 0 ? Math.fround(0.3) * value : value));
    expect(tf.leakyRelu(x, 0.3).dataSync()).toEqual(expected);
    expect(tf.leakyRelu(tf.tensor1d([Number.NaN])).dataSync()[0]).toBeNaN();
    expectNoLeak(() => tf.leakyRelu(x));
  });
});
