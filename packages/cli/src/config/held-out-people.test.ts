import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultHeldOutPeople } from './held-out-people.ts';

it.each([
  [4, 2],
  [8, 2],
  [20, 5],
  [39, 9],
  [40, 20],
  [60, 20],
  [100, 33],
  [120, 40],
  [200, 40],
  [982, 98],
  [10_000, 1000],
])('of %d people, %d are held out', (people, held) => {
  expect(defaultHeldOutPeople(people)).toBe(held);
});

it('holds out at most half of the people, at least 20 of 40 or more, and never fewer of more people', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 100_000 }), (people) => {
      const held = defaultHeldOutPeople(people);
      expect(held).toBeGreaterThanOrEqual(people >= 40 ? 20 : 2);
      expect(held).toBeLessThanOrEqual(people / 2);
      expect(defaultHeldOutPeople(people + 1)).toBeGreaterThanOrEqual(held);
    }),
  );
});
