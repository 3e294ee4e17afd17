import { expect, it } from 'vitest';
import { heldOutPeople, splitPeople } from './split-people.ts';

it('holds out as many people as openset train', () => {
  expect([6, 100, 400, 982].map(heldOutPeople)).toEqual([2, 33, 40, 98]);
});

it('draws people and holds out some of them, by seed', () => {
  const { trained, held } = splitPeople(50, 20, 5, 1);
  expect(held).toHaveLength(5);
  expect(new Set([...trained, ...held]).size).toBe(20);
  expect(splitPeople(50, 20, 5, 1)).toEqual({ trained, held });
  expect(splitPeople(50, 20, 5, 2)).not.toEqual({ trained, held });
});
