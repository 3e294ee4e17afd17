import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MetricsError } from './metrics-error.ts';
import { normalDeviate, normalTail } from './normal-deviate.ts';

describe('normalDeviate', () => {
  it.each([
    // Tables of the standard normal distribution.
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.8413447460685429, 1],
    [0.9772498680518208, 2],
    [0.0013498980316300946, -3],
    [2.866515718791939e-7, -5],
    [7.619853024160525e-24, -10],
  ])('of %f is %f', (share, deviate) => {
    expect(Math.abs(normalDeviate(share) - deviate)).toBeLessThan(4e-15 * Math.max(1, Math.abs(deviate)));
  });

  it('is infinite at the ends and finite for the smallest rates', () => {
    expect(normalDeviate(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalDeviate(1)).toBe(Number.POSITIVE_INFINITY);
    expect(normalDeviate(Number.MIN_VALUE)).toBeCloseTo(-38.4674056, 6);
  });

  it('is odd around one half and never decreases', () => {
    const share = fc.integer({ min: 1, max: 2 ** 30 - 1 }).map((count) => count / 2 ** 31);
    fc.assert(
      fc.property(share, (tail) => {
        expect(normalDeviate(1 - tail)).toBe(-normalDeviate(tail));
      }),
    );
    const any = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(any, any, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        // Results of neighbouring numbers may be out of order in the last digit.
        expect(normalDeviate(low)).toBeLessThanOrEqual(normalDeviate(high) + 1e-13);
      }),
    );
  });

  it('rejects what is not a rate', () => {
    expect(() => normalDeviate(-0.1)).toThrow(MetricsError);
    expect(() => normalDeviate(Number.NaN)).toThrow(/share must be a number in \[0, 1\]/);
  });
});

describe('normalTail', () => {
  it.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [-1, 0.8413447460685429],
    [1.959963984540054, 0.025],
    [6, 9.865876450376946e-10],
    [40, 0],
    [-40, 1],
  ])('has the value of the tables at %d', (deviate, share) => {
    expect(Math.abs(normalTail(deviate) - share)).toBeLessThanOrEqual(1e-14 * share);
  });

  it('is the inverse of the deviate', () => {
    for (const share of [1e-12, 1e-4, 0.02, 0.4, 0.9]) {
      expect(normalTail(-normalDeviate(share)) / share).toBeCloseTo(1, 11);
    }
  });
});
