import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeBothWays, onBothBackends, withChunksInReverse } from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, expectTensor, random, values } from './__fixtures__/run-kernel.ts';
import './index.ts';

/** Returns sums over the axes in float64, and sums of the magnitudes. */
function reference(content: ArrayLike<number>, shape: number[], axes: number[]) {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const count = tf.util.sizeFromShape(kept);
  const sums = new Float64Array(count);
  const magnitudes = new Float64Array(count);
  const strides = tf.util.computeStrides(shape);
  const keptStrides = [...tf.util.computeStrides(kept), 1];
  for (let index = 0; index < content.length; index++) {
    let target = 0;
    let rest = index;
    shape.forEach((_, axis) => {
      const stride = strides[axis] ?? 1;
      const place = Math.floor(rest / stride);
      rest %= stride;
      if (!axes.includes(axis)) target += place * keptStrides[axis]!;
    });
    sums[target]! += content[index]!;
    magnitudes[target]! += Math.abs(content[index]!);
  }
  return { sums, magnitudes, shape: shape.filter((_, axis) => !axes.includes(axis)) };
}

/** Expects float64 sums, rounded once. If terms cancel, an error of 1e-13 of their magnitudes may remain. */
function expectExact(result: tf.Tensor, { sums, magnitudes, shape }: ReturnType<typeof reference>): void {
  expect(result.shape).toEqual(shape);
  const found = result.dataSync();
  result.dispose();
  expect(found.length).toBe(sums.length);
  const worst = sums.reduce((largest, sum, index) => {
    const tolerance = 7e-8 * Math.abs(sum) + 1e-13 * magnitudes[index]!;
    return Math.max(largest, Math.abs(found[index]! - sum) / (tolerance || 1));
  }, 0);
  expect(worst).toBeLessThanOrEqual(1);
}

const large: [number[], number[]][] = [
  [[200_003], [0]],
  [[3, 100_001], [1]],
  [[100_001, 3], [0]],
  [[100_001, 3], [1]],
  [[3000, 70], [0]],
  [[700, 1001], [0]],
  [[5, 40_000], [0]],
  [[2, 30_000, 5], [1]],
  [
    [4, 56, 56, 17],
    [1, 2],
  ],
  [
    [4, 56, 56, 17],
    [0, 1, 2],
  ],
  [
    [30, 41, 50],
    [0, 2],
  ],
];

describeBothWays('Sum', () => {
  const cases = fc
    .array(fc.integer({ min: 1, max: 6 }), { maxLength: 5 })
    .chain((shape) =>
      fc.record({ shape: fc.constant(shape), axes: fc.subarray([...shape.keys()]), offset: fc.boolean() }),
    );

  it('agrees with float64 for any shape and axes', () => {
    const check = ({ shape, axes, offset }: { shape: number[]; axes: number[]; offset: boolean }) => {
      const content = values(tf.util.sizeFromShape(shape), 3).map((value) => value + (offset ? 1e6 : 0));
      const x = tf.tensor(content, shape);
      const expected = reference(content, shape, axes);
      expectExact(tf.sum(x, axes), expected);
      const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      expectExact(tf.sum(x, axes, true), { ...expected, shape: kept });
      x.dispose();
    };
    fc.assert(fc.property(cases, check), { numRuns: 300, seed: 5 });
  });

  it.each(large)('agrees with float64 for shape %j over axes %j', (shape, axes) => {
    const content = values(tf.util.sizeFromShape(shape), 4).map((value) => value * 1e3 + 1e5);
    const x = tf.tensor(content, shape);
    const expected = reference(content, shape, axes);
    expectExact(tf.sum(x, axes), expected);
    const count = content.length / expected.sums.length;
    const divided = (sums: Float64Array) => sums.map((sum) => sum / count);
    expectExact(tf.mean(x, axes), {
      sums: divided(expected.sums),
      magnitudes: divided(expected.magnitudes),
      shape: expected.shape,
    });
    x.dispose();
  });

  it('does not drift', () => {
    // The stock kernel returns 136,087.
    const x = tf.fill([1_350_000], 0.1);
    const expected = 1_350_000 * Math.fround(0.1);
    expect(Math.abs(tf.sum(x).dataSync()[0]! / expected - 1)).toBeLessThan(1e-7);
    expect(tf.mean(x).dataSync()[0]).toBe(Math.fround(0.1));
    x.dispose();
  });

  it('confines non-finite values to their sum', () => {
    const x = tf.tensor2d([1, Number.NaN, Number.POSITIVE_INFINITY, 2, 3, 4], [2, 3]);
    expect([...tf.sum(x, 0).dataSync()]).toEqual([3, Number.NaN, Number.POSITIVE_INFINITY]);
    expect([...tf.sum(x, 1).dataSync()]).toEqual([Number.NaN, 9]);
    const infinities = tf.tensor1d([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(tf.sum(infinities).dataSync()[0]).toBeNaN();
    expect(tf.sum(tf.tensor1d([3e38, 3e38, -3e38])).dataSync()[0]).toBe(Math.fround(3e38));
  });

  it('returns zeros for empty sums', () => {
    expectTensor(tf.sum(tf.zeros([0, 3]), 0), [3], [0, 0, 0]);
    expectTensor(tf.sum(tf.zeros([2, 0]), 1), [2], [0, 0]);
    expectTensor(tf.mean(tf.zeros([2, 0]), 1), [2], [0, 0]);
    expectTensor(tf.sum(tf.zeros([0, 3]), 1), [0], []);
  });

  it('leaves integers and booleans to the stock kernel', () => {
    const counts = tf.sum(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), 0);
    expect(counts.dtype).toBe('int32');
    expectTensor(counts, [2], [4, 6]);
    const trues = tf.sum(tf.tensor1d([true, false, true], 'bool'));
    expect(trues.dtype).toBe('int32');
    expectTensor(trues, [], [2]);
    expectTensor(tf.mean(tf.tensor1d([1, 2], 'int32')), [], [1.5]);
  });

  it('leaks no memory', () => {
    const x = random([4, 5, 6], 1);
    for (const axes of [[0], [1], [2], [0, 2], [0, 1, 2], []]) {
      expectNoLeak(() => [tf.sum(x, axes), tf.mean(x, axes, true)], 10);
    }
    const integers = tf.ones([4, 5], 'int32');
    expectNoLeak(() => [tf.sum(integers, 0), tf.mean(integers, 0)], 10);
  });
});

describe('Sum', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it.each(large)(
    'computes the same bits in any order of chunks, for shape %j over axes %j',
    (shape, axes) => {
      const x = random(shape, 5);
      const forwards = tf.sum(x, axes).dataSync();
      expect(withChunksInReverse(() => tf.sum(x, axes)).dataSync()).toEqual(forwards);
      x.dispose();
    },
  );

  it('has the gradients of the cpu backend', async () => {
    const step = (axes: number[]) =>
      tf.grad((x) => tf.mul(tf.sum(x, axes), tf.mean(x, axes)))(random([3, 4, 5], 1));
    for (const { wasm, cpu } of await onBothBackends([[0], [1, 2], [0, 2]], step)) {
      wasm[0]!.forEach((value, index) => {
        expect(value).toBeCloseTo(cpu[0]![index]!, 5);
      });
    }
  });
});
