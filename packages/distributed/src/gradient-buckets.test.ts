import { ConfigError, DataError, ShapeError } from '@openset/core';
import { describe, expect, it, vi } from 'vitest';
import { type Communicator, CommunicatorError, GradientBuckets, inProcess } from './index.ts';

/** Gradients of a rank: each array has its own values. */
const gradientsOf = (rank: number, lengths: readonly number[]) =>
  lengths.map((length, array) =>
    Float32Array.from({ length }, (_, index) => rank * 100 + array * 10 + index),
  );

/** Sums of all ranks. */
const sumsOf = (size: number, lengths: readonly number[]) =>
  lengths.map((length, array) =>
    Float32Array.from({ length }, (_, index) => (size * (size - 1) * 100) / 2 + size * (array * 10 + index)),
  );

const one = () => inProcess(1) as [Communicator];

it.each([1, 2, 3])('sums gradients of %i ranks, again and again, whatever their order', async (size) => {
  const lengths = [3, 0, 5, 1, 8, 2, 9, 20, 4, 4, 8];
  await Promise.all(
    inProcess(size).map(async (communicator) => {
      const { rank } = communicator;
      const buckets = new GradientBuckets(communicator, { bucketLength: 8 });
      for (const some of [lengths, lengths.toReversed(), [], [0], [1]]) {
        const sum = buckets.start(some);
        const order = [...gradientsOf(rank, some).entries()];
        // Each rank sets them in an order of its own.
        for (const [index, gradient] of [...order.slice(rank), ...order.slice(0, rank)])
          sum.set(index, gradient);
        expect(await sum.finish()).toEqual(sumsOf(size, some));
      }
    }),
  );
});

it('sends a bucket as soon as all of its values are set', async () => {
  const [communicator] = one();
  const allReduce = vi.spyOn(communicator, 'allReduce');
  const lengthsSent = () => allReduce.mock.calls.map(([values]) => values.length);
  const sum = new GradientBuckets(communicator, { bucketLength: 8 }).start([3, 4, 2, 21, 1]);
  for (const [index, length] of [
    [0, 3],
    [2, 2],
    [3, 21],
  ] as const)
    sum.set(index, new Float32Array(length));
  expect(lengthsSent()).toEqual([]);
  sum.set(1, new Float32Array(4));
  expect(lengthsSent()).toEqual([8, 8, 8]);
  sum.set(4, new Float32Array(1));
  await sum.finish();
  expect(lengthsSent()).toEqual([8, 8, 8, 7]);
  expect(sum.spans).toHaveLength(4);
  for (const { start, end } of sum.spans) expect(end).toBeGreaterThanOrEqual(start);
});

it('copies what it is given, and reuses the memory of its sums', async () => {
  const buckets = new GradientBuckets(one()[0], { bucketLength: 1 });
  const gradients = Float32Array.of(1, 2);
  const first = buckets.start([2]);
  first.set(0, gradients);
  gradients.fill(9);
  const [sums] = await first.finish();
  expect([...sums!]).toEqual([1, 2]);
  const next = buckets.start([1]);
  // Another sum beside it has memory of its own.
  const beside = buckets.start([1]);
  next.set(0, Float32Array.of(3));
  beside.set(0, Float32Array.of(4));
  expect((await next.finish())[0]!.buffer).toBe(sums!.buffer);
  expect([...(await beside.finish())[0]!]).toEqual([4]);
});

describe('bfloat16 on the wire', () => {
  it.each([1, 2, 3, 5])(
    'gives %i ranks the same bits, whose sums over steps are the exact ones',
    async (size) => {
      const lengths = [7, 30, 1, 11];
      const steps = 200;
      const results = await Promise.all(
        inProcess(size).map(async (communicator) => {
          const { rank } = communicator;
          const buckets = new GradientBuckets(communicator, { bucketLength: 9, wire: 'bfloat16' });
          const totals = lengths.map((length) => new Float64Array(length));
          const single: number[][] = [];
          for (let step = 0; step < steps; step++) {
            const sum = buckets.start(lengths);
            for (const [index, length] of lengths.entries())
              sum.set(
                index,
                Float32Array.from({ length }, (_, value) => 1 + 0.1 * rank + 0.001 * (value + index)),
              );
            const sums = await sum.finish();
            for (const [index, values] of sums.entries())
              for (const [place, value] of values.entries()) totals[index]![place]! += value;
            single.push(sums.flatMap((values) => [...values]));
          }
          return { totals, single };
        }),
      );
      let largest = 0;
      for (const { totals, single } of results) {
        expect(single).toEqual(results[0]!.single);
        for (const [index, values] of totals.entries()) {
          for (const [place, total] of values.entries()) {
            const exact = size * (1 + 0.001 * (place + index)) + (0.1 * size * (size - 1)) / 2;
            largest = Math.max(largest, Math.abs(total / steps - exact) / exact);
          }
        }
      }
      // Of all steps together, only what the last one rounded off is missing: of the sum, and of each summand.
      expect(largest).toBeLessThan((2 * 2 ** -8) / steps + 1e-6);
    },
  );

  it('sends half the bytes of float32', async () => {
    const [communicator] = inProcess(2) as [Communicator, Communicator];
    const allToAll = vi.spyOn(communicator, 'allToAll');
    const allReduce = vi.spyOn(communicator, 'allReduce');
    const sum = new GradientBuckets(communicator, { bucketLength: 8, wire: 'bfloat16' }).start([8, 3]);
    sum.set(0, new Float32Array(8));
    await vi.waitFor(() => expect(allToAll.mock.calls.map(([words]) => words.length)).toEqual([16]));
    expect(allReduce).not.toHaveBeenCalled();
  });

  it('reports that a rank ended all, wherever the buckets are', async () => {
    const [first, second] = inProcess(2) as [Communicator, Communicator];
    const sum = new GradientBuckets(first, { bucketLength: 2, wire: 'bfloat16' }).start([7]);
    sum.set(0, new Float32Array(7));
    const finished = sum.finish();
    second.abort('out of memory');
    await expect(finished).rejects.toThrow(CommunicatorError);
  });
});

it('finish reports that a rank ended all', async () => {
  const [first, second] = inProcess(2) as [Communicator, Communicator];
  const sum = new GradientBuckets(first, { bucketLength: 2 }).start([4]);
  sum.set(0, new Float32Array(4));
  second.abort('out of memory');
  await expect(sum.finish()).rejects.toThrow(CommunicatorError);
});

it('refuses bad input', async () => {
  const [communicator] = one();
  expect(() => new GradientBuckets(communicator, { bucketLength: 0 })).toThrow(ConfigError);
  expect(() => new GradientBuckets(communicator, { wire: 'float16' as never })).toThrow(/wire must be/);
  const sum = new GradientBuckets(communicator).start([2, 1]);
  expect(() => sum.set(0, [1, 2] as never)).toThrow(DataError);
  expect(() => sum.set(0, Float32Array.of(1))).toThrow(ShapeError);
  expect(() => sum.set(2, Float32Array.of(1))).toThrow(ConfigError);
  sum.set(0, Float32Array.of(1, 2));
  expect(() => sum.set(0, Float32Array.of(1, 2))).toThrow(ConfigError);
  await expect(sum.finish()).rejects.toThrow(ConfigError);
  sum.set(1, Float32Array.of(3));
  expect((await sum.finish()).map((array) => [...array])).toEqual([[1, 2], [3]]);
});
