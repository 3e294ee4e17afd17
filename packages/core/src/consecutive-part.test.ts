import fc from 'fast-check';
import { expect, it } from 'vitest';
import { consecutivePart } from './consecutive-part.ts';

const partsOf = (length: number, count: number) =>
  Array.from({ length: count }, (_, index) => consecutivePart(length, { index, count }));

it('divides numbers into consecutive parts', () => {
  expect(partsOf(7, 3)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 4 },
    { from: 4, to: 7 },
  ]);
  expect(partsOf(1, 2)).toEqual([
    { from: 0, to: 0 },
    { from: 0, to: 1 },
  ]);
});

it('covers all numbers with parts that differ in length by 1 at most', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 200 }), (length, count) => {
      const parts = partsOf(length, count);
      expect(parts[0]!.from).toBe(0);
      expect(parts.at(-1)!.to).toBe(length);
      for (const [index, { to }] of parts.slice(0, -1).entries()) expect(parts[index + 1]!.from).toBe(to);
      const lengths = parts.map(({ from, to }) => to - from);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    }),
  );
});
