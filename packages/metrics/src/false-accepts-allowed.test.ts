import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { falseAcceptsAllowed } from './false-accepts-allowed.ts';

it('is the floor of the product, and exact if the product rounds', () => {
  expect(falseAcceptsAllowed(0.1, 25)).toBe(2);
  expect(falseAcceptsAllowed(0, 25)).toBe(0);
  expect(falseAcceptsAllowed(1, 25)).toBe(25);
  expect(0.29 * 100).toBeLessThan(29);
  expect(falseAcceptsAllowed(0.29, 100)).toBe(29);
});

it('is the largest count whose rate is within the target', () => {
  const share = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 0, max: 1000 }).map((part) => part / 1000),
  );
  fc.assert(
    fc.property(share, fc.integer({ min: 1, max: 10 ** 12 }), (far, negatives) => {
      const count = falseAcceptsAllowed(far, negatives);
      expect(count / negatives).toBeLessThanOrEqual(far);
      if (count < negatives) expect((count + 1) / negatives).toBeGreaterThan(far);
    }),
  );
});
