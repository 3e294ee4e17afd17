import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateThresholds, pairs, unzipPairs } from './__fixtures__/arbitraries.ts';
import { accuracyAt, bestAccuracy } from './index.ts';

describe('bestAccuracy', () => {
  it('finds the interval between the kinds if a threshold separates them', () => {
    expect(bestAccuracy([0.75, 1, 0.25, 0], [1, 1, 0, 0])).toEqual({
      accuracy: 1,
      threshold: 0.5,
      thresholdInterval: { low: 0.25, high: 0.75 },
    });
  });

  it('joins the intervals on both sides of a tie', () => {
    // Just above 1, one correct and one wrong accept become rejects: the accuracy is 1/2 everywhere.
    const { accuracy, threshold, thresholdInterval } = bestAccuracy([1, 1], [1, 0]);
    expect(accuracy).toBe(0.5);
    expect(thresholdInterval).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
    expect(threshold).toBe(0);
  });

  it('accepts all or none if there is only one kind', () => {
    expect(bestAccuracy([0.5, 0.25], [1, 1])).toMatchObject({ accuracy: 1, threshold: 0.25 });
    const none = bestAccuracy([0.5, 0.25], [0, 0]);
    expect(none.thresholdInterval).toEqual({ low: 0.5, high: Number.POSITIVE_INFINITY });
    expect(none.threshold).toBeGreaterThan(0.5);
    expect(none.threshold).toBeLessThan(0.5000001);
  });

  it('counts a pair that is never accepted as rejected', () => {
    const result = bestAccuracy([Number.NEGATIVE_INFINITY, 0.5, 0], [1, 1, 0]);
    expect(result.accuracy).toBe(2 / 3);
    expect(result.threshold).toBe(0.25);
  });

  it('equals the best of all thresholds, throughout the interval', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const [similarities, isSame] = unzipPairs(list);
        const { accuracy, threshold, thresholdInterval } = bestAccuracy(similarities, isSame);
        const at = (value: number) => accuracyAt(similarities, isSame, value).accuracy;
        const candidates = candidateThresholds(similarities);
        expect(accuracy).toBe(Math.max(...candidates.map(at)));
        const { low, high } = thresholdInterval;
        for (const candidate of [threshold, ...candidates]) {
          if (low < candidate && candidate <= high) expect(at(candidate)).toBe(accuracy);
        }
        expect(low < threshold && threshold <= high).toBe(true);
        if (Number.isFinite(low)) expect(at(low)).toBeLessThan(accuracy);
      }),
      { numRuns: 300 },
    );
  });
});
