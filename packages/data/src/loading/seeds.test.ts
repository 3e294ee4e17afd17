import { expect, it } from 'vitest';
import { randomFor } from './seeds.ts';

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
