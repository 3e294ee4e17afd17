import { ConfigError, DataError } from '@openset/core';
import { expect, it, vi } from 'vitest';
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

it.each([1, 2, 3])('sums gradients of %i ranks, again and again', async (size) => {
  const lengths = [3, 0, 5, 1, 8, 2, 9, 20, 4, 4, 8];
  await Promise.all(
    inProcess(size).map(async (communicator) => {
      const buckets = new GradientBuckets(communicator, { bucketLength: 8 });
      for (const some of [lengths, lengths.toReversed(), [], [1]]) {
        const gradients = gradientsOf(communicator.rank, some);
        for (const one of gradients) buckets.add(one);
        await buckets.finish();
        expect(gradients).toEqual(sumsOf(size, some));
      }
    }),
  );
});

it('sends full buckets at once, and large gradients in place', async () => {
  const [communicator] = inProcess(1) as [Communicator];
  const allReduce = vi.spyOn(communicator, 'allReduce');
  const buckets = new GradientBuckets(communicator, { bucketLength: 8 });
  const lengthsSent = () => allReduce.mock.calls.map(([values]) => values.length);
  for (const length of [3, 4]) buckets.add(new Float32Array(length));
  expect(lengthsSent()).toEqual([]);
  buckets.add(new Float32Array(2));
  expect(lengthsSent()).toEqual([7]);
  const large = new Float32Array(9);
  buckets.add(large);
  expect(allReduce.mock.calls[1]![0]).toBe(large);
  await buckets.finish();
  expect(lengthsSent()).toEqual([7, 9, 2]);
});

it('finish reports that a rank ended all', async () => {
  const [first, second] = inProcess(2) as [Communicator, Communicator];
  const buckets = new GradientBuckets(first);
  buckets.add(new Float32Array(4));
  const finished = buckets.finish();
  second.abort('out of memory');
  await expect(finished).rejects.toThrow(CommunicatorError);
});

it('refuses bad input', () => {
  const [communicator] = inProcess(1) as [Communicator];
  expect(() => new GradientBuckets(communicator, { bucketLength: 0 })).toThrow(ConfigError);
  const buckets = new GradientBuckets(communicator);
  expect(() => buckets.add([1, 2] as never)).toThrow(DataError);
});
