import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { binomialBelow } from './binomial-below.ts';

it('equals the plain sum for few trials', () => {
  expect(binomialBelow(1, 3, 0.5)).toBeCloseTo(0.5, 14);
  expect(binomialBelow(0, 4, 0.25)).toBeCloseTo(0.75 ** 4, 14);
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(40), chance, (trials, most, p) => {
      const successes = Math.min(most, trials);
      let sum = 0;
      for (let k = 0; k <= successes; k++) sum += choose(trials, k) * p ** k * (1 - p) ** (trials - k);
      expect(Math.abs(binomialBelow(successes, trials, p) - sum)).toBeLessThan(1e-12);
    }),
  );
});

it('is accurate for many trials', () => {
  // Poisson with mean 10 in the limit: P(X <= 10) = 0.58303975.
  expect(binomialBelow(10, 1e9, 1e-8)).toBeCloseTo(0.58303975, 7);
  // By symmetry, about one half.
  expect(binomialBelow(5e5, 1e6, 0.5)).toBeCloseTo(0.5 + 0.000398942, 8);
  expect(binomialBelow(100, 1e9, 0.5)).toBe(0);
});

it('is exact at the ends', () => {
  expect(binomialBelow(5, 5, 0.3)).toBe(1);
  expect(binomialBelow(0, 5, 0)).toBe(1);
  expect(binomialBelow(4, 5, 1)).toBe(0);
});
