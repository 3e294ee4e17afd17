import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOfBothKinds, unzipPairs } from './__fixtures__/arbitraries.ts';
import { accuracyAt, rocCurve } from './index.ts';

describe('rocCurve', () => {
  it('has a point for every distinct similarity', () => {
    // Accepted from the top: 0.9 same; 0.5 same and different; 0.1 different.
    const { thresholds, far, tar } = rocCurve([0.5, 0.9, 0.1, 0.5], [1, 1, 0, 0]);
    expect([...thresholds]).toEqual([Number.POSITIVE_INFINITY, 0.9, 0.5, 0.1]);
    expect([...far]).toEqual([0, 0, 0.5, 1]);
    expect([...tar]).toEqual([0, 0.5, 1, 1]);
  });

  it('accepts pairs of similarity -Infinity only at the last point', () => {
    const { thresholds, far, tar } = rocCurve([0.5, Number.NEGATIVE_INFINITY, 0.25], [1, 1, 0]);
    expect([...thresholds]).toEqual([Number.POSITIVE_INFINITY, 0.5, 0.25, Number.NEGATIVE_INFINITY]);
    expect([...far]).toEqual([0, 0, 1, 1]);
    expect([...tar]).toEqual([0, 0.5, 0.5, 1]);
  });

  it('equals counts at each threshold', () => {
    fc.assert(
      fc.property(pairsOfBothKinds, (list) => {
        const [similarities, isSame] = unzipPairs(list);
        const { thresholds, far, tar } = rocCurve(similarities, isSame);
        expect(thresholds.length).toBe(new Set(similarities).size + 1);
        thresholds.forEach((threshold, point) => {
          if (point > 0) expect(threshold).toBeLessThan(thresholds[point - 1]!);
          const counted = accuracyAt(similarities, isSame, threshold);
          expect(far[point]).toBe(counted.far);
          expect(tar[point]).toBe(counted.tar);
        });
      }),
    );
  });
});
