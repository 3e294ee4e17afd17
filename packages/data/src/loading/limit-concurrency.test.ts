import { expect, it } from 'vitest';
import { limitConcurrency } from './limit-concurrency.ts';

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
