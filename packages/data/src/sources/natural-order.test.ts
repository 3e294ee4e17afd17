import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareNaturally } from './natural-order.ts';

it('compares numbers within names by value', () => {
  const names = [
    'a10',
    'a2',
    'a02',
    'b1',
    'a',
    '10',
    '9',
    'a2b',
    'A1',
    'a2.jpg',
    '1'.repeat(30),
    '2'.repeat(29),
  ];
  expect(names.sort(compareNaturally)).toEqual([
    '9',
    '10',
    '2'.repeat(29),
    '1'.repeat(30),
    'A1',
    'a',
    'a02',
    'a2',
    'a2.jpg',
    'a2b',
    'a10',
    'b1',
  ]);
});

it('is a total order: antisymmetric, transitive, and equal only for equal names', () => {
  const name = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'B', '_', 'é'), maxLength: 6 });
  fc.assert(
    fc.property(name, name, name, (first, second, third) => {
      expect(Math.sign(compareNaturally(first, second))).toBe(
        -Math.sign(compareNaturally(second, first)) + 0,
      );
      expect(compareNaturally(first, second) === 0).toBe(first === second);
      const [low, middle, high] = [first, second, third].sort(compareNaturally) as [string, string, string];
      expect(compareNaturally(low, middle)).toBeLessThanOrEqual(0);
      expect(compareNaturally(low, high)).toBeLessThanOrEqual(0);
    }),
  );
});
