import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  expectSameValues,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, expectTensor, random, values } from './__fixtures__/run-kernel.ts';
import './index.ts';

const ids = (content: number[]) => tf.tensor1d(content, 'int32');

describeBothWays('UnsortedSegmentSum', () => {
  it('adds the rows of each segment', () => {
    // Segment 0: row 1; segment 1: none; segment 2: rows 0 and 2.
    const x = tf.tensor2d([1, 2, 10, 20, 100, 200], [3, 2]);
    expectTensor(tf.unsortedSegmentSum(x, ids([2, 0, 2]), 3), [3, 2], [10, 20, 0, 0, 101, 202]);
  });

  it('drops ids out of range, even all of them', () => {
    const x = tf.tensor1d([1, 2, 4, 8]);
    expectTensor(tf.unsortedSegmentSum(x, ids([-1, 0, 2, 1]), 2), [2], [2, 8]);
    expectTensor(tf.unsortedSegmentSum(x, ids([-1, -2, 2, 7]), 2), [2], [0, 0]);
    expectTensor(tf.unsortedSegmentSum(x, ids([0, 0, 0, 0]), 0), [0], []);
  });

  it('keeps non-finite values of a dropped row out of the sums', () => {
    const x = tf.tensor1d([Number.NaN, 2, Number.POSITIVE_INFINITY]);
    expectTensor(tf.unsortedSegmentSum(x, ids([5, 0, -1]), 2), [2], [2, 0]);
  });

  it('returns float32 for counts, as the cpu backend does', () => {
    const sums = tf.unsortedSegmentSum(tf.tensor1d([3, 4], 'int32'), ids([1, 1]), 2);
    expect(sums.dtype).toBe('float32');
    expectTensor(sums, [2], [0, 7]);
    expectTensor(tf.unsortedSegmentSum(tf.tensor1d([true, true], 'bool'), ids([0, 0]), 1), [1], [2]);
  });

  it('agrees with a loop for every rank', () => {
    const cases = fc.record({
      segments: fc.integer({ min: 1, max: 6 }),
      ids: fc.array(fc.integer({ min: -2, max: 8 }), { minLength: 1, maxLength: 12 }),
      rowShape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(cases, ({ segments, ids: segmentIds, rowShape }) => {
        const rowSize = tf.util.sizeFromShape(rowShape);
        const content = values(segmentIds.length * rowSize, 7);
        const expected = new Float64Array(segments * rowSize);
        content.forEach((value, index) => {
          const segment = segmentIds[Math.floor(index / rowSize)]!;
          if (segment >= 0 && segment < segments) expected[segment * rowSize + (index % rowSize)]! += value;
        });
        const x = tf.tensor(content, [segmentIds.length, ...rowShape]);
        expectTensor(tf.unsortedSegmentSum(x, ids(segmentIds), segments), [segments, ...rowShape], expected);
      }),
      { seed: 4 },
    );
  });

  it('names mismatched shapes', () => {
    expect(() => tf.unsortedSegmentSum(tf.ones([3, 2]), ids([0, 1]), 2)).toThrow(/\[3,2\].*\[2\]/);
  });

  it('leaks no memory', () => {
    const x = random([6, 3], 1);
    const complete = ids([0, 1, 2, 2, 1, 0]);
    const partial = ids([0, -1, 2, 9, 1, 0]);
    expectNoLeak(() => tf.unsortedSegmentSum(x, complete, 3));
    expectNoLeak(() => tf.unsortedSegmentSum(x, partial, 3));
    const counts = tf.tensor1d([1, 2], 'int32');
    const twoIds = ids([0, 0]);
    expectNoLeak(() => tf.unsortedSegmentSum(counts, twoIds, 1));
  });
});

describe('UnsortedSegmentSum', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('adds many rows without drift', () => {
    const x = tf.fill([1_000_000], 0.1);
    const [sums] = valuesOf(tf.unsortedSegmentSum(x, tf.zeros([1_000_000], 'int32') as tf.Tensor1D, 1));
    expect(Math.abs(sums![0]! / (1_000_000 * Math.fround(0.1)) - 1)).toBeLessThan(1e-7);
    x.dispose();
  });

  it('computes the same bits in any order of chunks', () => {
    const x = random([5000, 37], 1);
    const segmentIds = ids(Array.from({ length: 5000 }, (_, row) => (row * 7919) % 3001));
    const run = () => valuesOf(tf.unsortedSegmentSum(x, segmentIds, 3000));
    expectSameValues(withChunksInReverse(run), run());
  });
});
