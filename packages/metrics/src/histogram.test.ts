import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogram } from './index.ts';

describe('histogram', () => {
  it('counts values by bin, and values outside separately', () => {
    const result = histogram([-2, -1, -0.5, 0, 0.4, 1, 1.5, Number.POSITIVE_INFINITY], { bins: 4 });
    expect([...result.edges]).toEqual([-1, -0.5, 0, 0.5, 1]);
    // -1 | -0.5 | 0, 0.4 | 1: an edge belongs to the bin above it, the last edge to the last bin.
    expect([...result.counts]).toEqual([1, 1, 2, 1]);
    expect(result.below).toBe(1);
    expect(result.above).toBe(2);
  });

  it('is empty for no values', () => {
    const result = histogram([], { min: 0, max: 1, bins: 2 });
    expect([...result.counts]).toEqual([0, 0]);
    expect(result.below + result.above).toBe(0);
  });

  it('agrees with its rounded edges', () => {
    const range = fc.tuple(fc.float({ noNaN: true, min: -100, max: 100 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 60 }), ([min, span], bins) => {
        const max = min + span / 10;
        const { edges } = histogram([], { min, max, bins });
        const values = [...edges];
        const { counts, below, above } = histogram(values, { min, max, bins });
        expect(below + above).toBe(0);
        const expected = values.slice(0, bins).map(() => 1);
        expected[bins - 1]! += 1;
        expect([...counts]).toEqual(expected);
      }),
    );
  });

  it('rejects invalid input', () => {
    expect(() => histogram([0, Number.NaN])).toThrow(/values\[1\] is NaN/);
    expect(() => histogram([0], { min: 1, max: 1 })).toThrow(/min < max, but are 1 and 1/);
    expect(() => histogram([0], { max: Number.POSITIVE_INFINITY })).toThrow(/must be finite/);
    expect(() => histogram([0], { bins: 0 })).toThrow(/bins must be a whole number of at least 1/);
    expect(() => histogram(undefined as unknown as number[])).toThrow(/values must be an array/);
  });
});
