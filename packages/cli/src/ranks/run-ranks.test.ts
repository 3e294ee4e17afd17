import { expect, it } from 'vitest';
import { isWriter, threadsOfRank } from './run-ranks.ts';

it('divides the cores of a machine among its ranks, unless the launcher has', () => {
  expect(threadsOfRank(2, 8, 8)).toBe(4);
  expect(threadsOfRank(3, 8, 8)).toBe(2);
  expect(threadsOfRank(4, 2, 2)).toBe(1);
  // The launcher has bound each rank to its cores.
  expect(threadsOfRank(2, 4, 8)).toBe(4);
});

it('lets one process of a run write', () => {
  expect(isWriter(null)).toBe(true);
  expect([0, 1].map((rank) => isWriter({ rank } as never))).toEqual([true, false]);
});
