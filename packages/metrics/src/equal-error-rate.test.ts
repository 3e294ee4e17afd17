import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOfBothKinds, unzipPairs } from './__fixtures__/arbitraries.ts';
import { accuracyAt, equalErrorRate } from './index.ts';

describe('equalErrorRate', () => {
  it('is 0 if a threshold separates the kinds, and returns that threshold', () => {
    expect(equalErrorRate([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])).toEqual({ rate: 0, threshold: 0.8 });
  });

  it('finds where false accepts and false rejects are equally frequent', () => {
    // At 0.6, 0.9 (same), 0.7 (different) and 0.6 (same) are accepted: FAR 1/3, FNR 1/3.
    const result = equalErrorRate([0.9, 0.7, 0.6, 0.5, 0.4, 0.3], [1, 0, 1, 0, 1, 0]);
    expect(result.rate).toBeCloseTo(1 / 3, 15);
    expect(result.threshold).toBe(0.6);
  });

  it('is the mean of both rates if they cannot be equal', () => {
    // Points (FAR, FNR): 3: (0, 1/2); 2: (0, 0). The second is nearest; with all tied, (1, 0).
    expect(equalErrorRate([3, 2, 1], [1, 1, 0])).toEqual({ rate: 0, threshold: 2 });
    expect(equalErrorRate([7, 7], [1, 0])).toEqual({ rate: 0.5, threshold: 7 });
  });

  it('is 1 for similarities that order every pair wrongly', () => {
    expect(equalErrorRate([0.1, 0.9], [1, 0])).toEqual({ rate: 1, threshold: 0.9 });
  });

  it('equals a search of all thresholds', () => {
    fc.assert(
      fc.property(pairsOfBothKinds, (list) => {
        const [similarities, isSame] = unzipPairs(list);
        const result = equalErrorRate(similarities, isSame);
        const errors = (threshold: number) => {
          const { far, tar } = accuracyAt(similarities, isSame, threshold);
          return { far: far!, fnr: 1 - tar! };
        };
        const found = errors(result.threshold);
        expect(result.rate).toBeCloseTo((found.far + found.fnr) / 2, 12);
        const nearest = Math.min(
          ...Array.from(similarities, (value) => Math.abs(errors(value).far - errors(value).fnr)),
        );
        expect(Math.abs(found.far - found.fnr)).toBeCloseTo(nearest, 12);
      }),
    );
  });
});
