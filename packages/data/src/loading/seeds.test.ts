import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shuffle } from '../shuffle.ts';
import { limitConcurrency } from './batch-builder.ts';
import { randomFor } from './seeds.ts';
import { packItems, unpackItems } from './worker-messages.ts';

it('randomFor returns different sequences for different numbers, also for neighbours and beyond 32 bits', () => {
  const first = new Set<number>();
  for (const seed of [0, 1, -1, 2 ** 32, 2 ** 33]) {
    for (let epoch = 0; epoch < 10; epoch++) {
      for (let position = -1; position < 20; position++) first.add(randomFor(seed, epoch, position)());
    }
  }
  expect(first.size).toBe(5 * 10 * 21);
  expect(randomFor(1, 2, 3)()).toBe(randomFor(1, 2, 3)());
  expect(randomFor(1, 2)()).not.toBe(randomFor(2, 1)());
});

it('randomFor spreads the first numbers of neighbouring positions evenly', () => {
  const counts = new Float64Array(10);
  for (let position = 0; position < 10_000; position++) {
    counts[Math.floor(10 * randomFor(0, 0, position)())]!++;
  }
  // 1000 expected, standard deviation 30.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

it('shuffle keeps all values', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(), (values, seed) => {
      const shuffled = shuffle([...values], randomFor(seed));
      expect(shuffled.sort()).toEqual([...values].sort());
    }),
  );
});

it('limitConcurrency keeps the order and the limit, also when calls fail', async () => {
  let active = 0;
  let peak = 0;
  const started: number[] = [];
  const limited = limitConcurrency(async (index) => {
    started.push(index);
    peak = Math.max(peak, ++active);
    await new Promise((resolve) => setTimeout(resolve, index % 3));
    active--;
    if (index % 4 === 0) throw new Error('no');
    return index;
  }, 3);
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => limited(index)));
  expect(peak).toBe(3);
  expect(started).toEqual([...started].sort((a, b) => a - b));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(5);
  expect(await limited(1)).toBe(1);
});

it('unpackItems inverts packItems', () => {
  const item = (position: number, ...bytes: number[]) => ({
    record: { bytes: Uint8Array.from(bytes), origin: `record ${position}` },
    epoch: 2,
    position,
  });
  const items = [item(0, 1, 2, 3), null, item(5), item(6, 9)];
  const packed = packItems(items);
  expect([...packed.bytes]).toEqual([1, 2, 3, 9]);
  expect(unpackItems(structuredClone(packed))).toEqual(items);
});
