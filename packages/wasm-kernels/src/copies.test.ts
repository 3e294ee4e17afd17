import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  expectSameValues,
  onBothBackends,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, expectTensor, random } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { mergeAxes } from './strided-copy.ts';

type DataType = 'float32' | 'int32' | 'bool';
const dtypes = fc.constantFrom<DataType>('float32', 'int32', 'bool');
const shapes = (longest: number, rank = 6) =>
  fc.array(fc.integer({ min: 1, max: longest }), { minLength: 1, maxLength: rank });

/** Returns 0, 1, 2, …, or booleans, every third true. */
function counted(shape: number[], dtype: DataType): tf.Tensor {
  const count = tf.util.sizeFromShape(shape);
  const content = Array.from({ length: count }, (_, index) => (dtype === 'bool' ? (index % 3) % 2 : index));
  return tf.tensor(content, shape, dtype);
}

/** Expects the same bits as on the cpu backend. */
async function expectSame<Case>(
  cases: fc.Arbitrary<Case> | readonly Case[],
  run: (test: Case) => tf.Tensor | tf.Tensor[],
  numRuns = 200,
): Promise<void> {
  const list = 'generate' in cases ? fc.sample(cases, { numRuns, seed: 3 }) : cases;
  const results = await onBothBackends(list, (test) => {
    const outputs = [run(test)].flat();
    // Compares the shapes, too.
    return [...outputs, ...outputs.map(({ shape }) => tf.tensor1d([shape.length, ...shape], 'int32'))];
  });
  for (const { wasm, cpu, test } of results) expectSameValues(wasm, cpu, JSON.stringify(test));
}

describeBothWays('Slice', () => {
  it('agrees with the cpu backend for every rank and dtype', async () => {
    const cases = fc.record({ shape: shapes(5), dtype: dtypes }).chain(({ shape, dtype }) =>
      fc.tuple(...shape.map((size) => fc.tuple(fc.nat(size - 1), fc.nat(size)))).map((ranges) => ({
        shape,
        dtype,
        begin: ranges.map(([begin]) => begin),
        size: ranges.map(([begin, size], axis) => Math.min(size, shape[axis]! - begin)),
      })),
    );
    await expectSame(cases, ({ shape, dtype, begin, size }) => tf.slice(counted(shape, dtype), begin, size));
  });

  it('supports sizes of -1, strings and empty slices', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    expectTensor(tf.slice(x, [1, 0], [-1, 1]), [2, 1], [3, 5]);
    expectTensor(tf.slice(x, 2), [1, 2], [5, 6]);
    expectTensor(tf.slice(x, [1, 0], [0, 2]), [0, 2], []);
    expect(tf.slice(tf.tensor1d(['a', 'b', 'c']), 1, 1).dataSync()[0]).toBe('b');
  });

  it('preserves non-finite values', () => {
    const content = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45];
    expect([...tf.slice(tf.tensor1d(content), 0, 4).dataSync()]).toEqual(content.map(Math.fround));
  });

  it('leaks no memory', () => {
    const x = random([4, 5, 6, 2, 3], 1);
    expectNoLeak(() => [tf.slice(x, [1, 1, 1, 0, 0], [2, 2, 2, 1, 2]), ...tf.split(x, [1, 4], 1)]);
  });
});

describeBothWays('SplitV and Concat', () => {
  const cases = fc
    .record({
      shape: shapes(4, 5),
      dtype: dtypes,
      sizes: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
    })
    .chain((test) => fc.nat(test.shape.length - 1).map((axis) => ({ ...test, axis })));

  it('agree with the cpu backend', async () => {
    await expectSame(cases, ({ shape, dtype, sizes, axis }) => {
      const along = (size: number) => shape.map((own, index) => (index === axis ? size : own));
      const whole = counted(along(sizes.reduce((sum, size) => sum + size, 0)), dtype);
      const parts = tf.split(whole, sizes, axis);
      return [...parts, tf.concat([...parts, ...parts], axis)];
    });
  });

  it('have the gradients of the cpu backend', async () => {
    const step = (axis: number) =>
      tf.grads((a, b) => tf.square(tf.concat([a, b], axis)))([random([3, 4, 5], 1), random([3, 4, 5], 2)]);
    for (const { wasm, cpu } of await onBothBackends([0, 1, 2], step)) expectSameValues(wasm, cpu);
  });

  it('join strings', () => {
    expect(tf.concat([tf.tensor1d(['a']), tf.tensor1d(['b', 'c'])]).dataSync()).toEqual(['a', 'b', 'c']);
  });

  it('leak no memory', () => {
    const [a, b] = [random([3, 4], 1), random([3, 2], 2)];
    expectNoLeak(() => tf.concat([a, b], 1));
  });
});

describeBothWays('Tile', () => {
  it('agrees with the cpu backend', async () => {
    const cases = fc
      .record({ shape: shapes(4, 5), dtype: dtypes })
      .chain((test) =>
        fc.tuple(...test.shape.map(() => fc.integer({ min: 1, max: 3 }))).map((reps) => ({ ...test, reps })),
      );
    await expectSame(cases, ({ shape, dtype, reps }) => tf.tile(counted(shape, dtype), reps), 100);
  });

  it('computes broadcastTo', () => {
    const x = tf.tensor3d([1, 2, 3], [3, 1, 1]);
    expectTensor(tf.broadcastTo(x, [2, 3, 1, 2]), [2, 3, 1, 2], [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3]);
  });

  it('supports zero repetitions', () => {
    expectTensor(tf.tile(tf.ones([2, 3]), [0, 2]), [0, 6], []);
  });

  it('leaks no memory', () => {
    const x = random([3, 4], 1);
    expectNoLeak(() => tf.tile(x, [2, 3]));
  });
});

describeBothWays('Transpose', () => {
  const permuted = (longest: number, rank: number) =>
    fc
      .record({ shape: shapes(longest, rank), dtype: dtypes })
      .chain((test) =>
        fc
          .shuffledSubarray([...test.shape.keys()], { minLength: test.shape.length })
          .map((perm) => ({ ...test, perm })),
      );

  it('agrees with the cpu backend for every rank and dtype', async () => {
    await expectSame(
      permuted(5, 6),
      ({ shape, dtype, perm }) => tf.transpose(counted(shape, dtype), perm),
      300,
    );
  });

  it('agrees with the cpu backend for sizes around the tiles', async () => {
    await expectSame(permuted(50, 3), ({ shape, dtype, perm }) => tf.transpose(counted(shape, dtype), perm));
  });

  it('agrees with the cpu backend for large and thin matrices', async () => {
    const matrices = [
      [3, 5000],
      [5000, 3],
      [1, 400],
      [257, 130],
      [16, 3000],
      [70, 1025],
    ];
    const large = [
      ...matrices.map((shape) => ({ shape, perm: [1, 0] })),
      { shape: [40, 31, 33], perm: [2, 0, 1] },
    ];
    await expectSame(large, ({ shape, perm }) => tf.transpose(counted(shape, 'float32'), perm));
  });

  it('shares the memory if nothing moves, and keeps it when x is disposed', () => {
    const x = tf.tensor3d([1, 2, 3, 4], [2, 1, 2]);
    const y = tf.transpose(x, [1, 0, 2]);
    x.dispose();
    expectTensor(y, [1, 2, 2], [1, 2, 3, 4]);
  });

  it('supports an empty tensor', () => {
    expectTensor(tf.transpose(tf.zeros([2, 0, 3]), [2, 1, 0]), [3, 0, 2], []);
  });

  it('leaks no memory', () => {
    const x = random([3, 4, 5], 1);
    for (const perm of [
      [0, 1, 2],
      [0, 2, 1],
      [2, 1, 0],
      [1, 0, 2],
    ])
      expectNoLeak(() => tf.transpose(x, perm), 10);
  });
});

describeBothWays('GatherV2', () => {
  it('agrees with the cpu backend for every axis, batch and dtype', async () => {
    const cases = fc
      .record({
        shape: shapes(5, 4),
        dtype: dtypes,
        count: fc.integer({ min: 1, max: 6 }),
        batched: fc.boolean(),
      })
      .chain((test) => fc.nat(test.shape.length - 1).map((axis) => ({ ...test, axis })));
    await expectSame(cases, ({ shape, dtype, count, axis, batched }) => {
      const batchDims = batched ? Math.min(axis, 1) : 0;
      const indexShape = [...shape.slice(0, batchDims), count] as [number];
      const indices = Array.from(
        { length: tf.util.sizeFromShape(indexShape) },
        (_, place) => (place * 7) % shape[axis]!,
      );
      return tf.gather(
        counted(shape, dtype),
        tf.tensor(indices, indexShape, 'int32') as tf.Tensor1D,
        axis,
        batchDims,
      );
    });
  });

  it('names an index out of range', () => {
    const x = tf.ones([3, 2]);
    for (const bad of [-1, 3]) {
      const run = () => tf.gather(x, tf.tensor1d([0, bad], 'int32'));
      expect(run).toThrow(new RegExp(`${bad} is not in \\[0, 2\\]`));
    }
  });

  it('supports an empty list of indices', () => {
    expectTensor(tf.gather(tf.ones([3, 2]), tf.tensor1d([], 'int32')), [0, 2], []);
  });

  it('leaks no memory', () => {
    const x = random([6, 3], 1);
    const indices = tf.tensor1d([5, 0, 0], 'int32');
    expectNoLeak(() => tf.gather(x, indices));
  });
});

describe('copies', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('compute the same bits in any order of chunks', () => {
    const x = random([40, 30, 30, 3], 1);
    const indices = tf.tensor1d(Int32Array.from({ length: 50 }, (_, place) => (place * 7) % 40));
    const run = () =>
      valuesOf([
        tf.slice(x, [1, 2, 3, 0], [30, 20, 20, 2]),
        tf.concat([x, x], 3),
        tf.tile(x, [1, 1, 2, 2]),
        tf.transpose(x, [3, 1, 2, 0]),
        tf.transpose(x, [1, 0, 2, 3]),
        tf.gather(x, indices),
      ]);
    expectSameValues(withChunksInReverse(run), run());
  });

  it('merge axes that are contiguous in source and target', () => {
    const axis = (size: number, sourceStep: number, targetStep: number) => ({ size, sourceStep, targetStep });
    // A crop of rows of [4, 5, 6] merges the last two axes.
    expect(mergeAxes([axis(2, 30, 30), axis(5, 6, 6), axis(6, 1, 1)])).toEqual([axis(60, 1, 1)]);
    expect(mergeAxes([axis(2, 30, 12), axis(2, 6, 6), axis(6, 1, 1)])).toEqual([
      axis(2, 30, 12),
      axis(12, 1, 1),
    ]);
    // Repetitions of two adjacent axes are one repetition.
    expect(mergeAxes([axis(4, 0, 30), axis(5, 0, 6), axis(6, 1, 1)])).toEqual([
      axis(20, 0, 6),
      axis(6, 1, 1),
    ]);
    expect(mergeAxes([axis(1, 9, 9), axis(3, 2, 1)])).toEqual([axis(3, 2, 1)]);
  });
});
