import { expect, it } from 'vitest';
import { prefetch } from './prefetch.ts';

it('yields results in order, with a limited number under way', async () => {
  let [active, most] = [0, 0];
  const load = async (index: number) => {
    active += 1;
    most = Math.max(most, active);
    await new Promise((resolve) => setTimeout(resolve, index % 3));
    active -= 1;
    return index;
  };
  const results: number[] = [];
  for await (const index of prefetch(10, 4, load)) results.push(index);
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(4);
});

it('stops loading when the loop is left, and passes errors on', async () => {
  const loaded: number[] = [];
  const load = async (index: number) => {
    loaded.push(index);
    if (index === 3) throw new Error('three');
    return index;
  };
  for await (const _ of prefetch(100, 2, load)) break;
  expect(loaded).toEqual([0, 1]);
  const all = async () => {
    for await (const _ of prefetch(100, 2, load));
  };
  await expect(all()).rejects.toThrow('three');
});
