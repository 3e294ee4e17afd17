import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareCodePoints } from './compare-code-points.ts';

it('sorts as databases sort UTF-8', () => {
  // In UTF-16 order, the emoji would come before U+FF5E.
  const sorted = ['', 'A', 'AB', 'Z', 'a', 'é', '山', '\ue000', '\uff5e', '😀', '😀a', '😁', '\u{10ffff}'];
  expect([...sorted].reverse().sort(compareCodePoints)).toEqual(sorted);
  expect(compareCodePoints('😀', '😀')).toBe(0);
});

it('agrees with the order of UTF-8 bytes, for any texts', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '😁', '\u{1f000}'),
  });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
