import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOfBothKinds, unzipPairs } from './__fixtures__/arbitraries.ts';
import { areaUnderCurve, rocCurve } from './index.ts';

describe('areaUnderCurve', () => {
  it('counts wins, and ties as one half', () => {
    // 0.9 beats both; 0.5 ties with 0.5 and beats 0.1: (2 + 1.5) / 4.
    expect(areaUnderCurve([0.5, 0.9, 0.1, 0.5], [1, 1, 0, 0])).toBe(0.875);
  });

  it('is 1, 0 and one half at the extremes', () => {
    expect(areaUnderCurve([2, 3, 0, 1], [1, 1, 0, 0])).toBe(1);
    expect(areaUnderCurve([2, 3, 0, 1], [0, 0, 1, 1])).toBe(0);
    expect(areaUnderCurve([7, 7, 7], [1, 0, 0])).toBe(0.5);
  });

  it('equals the share of all comparisons and the trapezoidal area under the curve', () => {
    fc.assert(
      fc.property(pairsOfBothKinds, (list) => {
        const [similarities, isSame] = unzipPairs(list);
        const area = areaUnderCurve(similarities, isSame);
        const positives = list.filter(([, same]) => same);
        const negatives = list.filter(([, same]) => !same);
        let wins = 0;
        for (const [positive] of positives) {
          for (const [negative] of negatives) {
            wins += positive > negative ? 1 : positive === negative ? 0.5 : 0;
          }
        }
        expect(area).toBe(wins / (positives.length * negatives.length));

        const { far, tar } = rocCurve(similarities, isSame);
        let trapezoids = 0;
        for (let point = 1; point < far.length; point++) {
          trapezoids += ((far[point]! - far[point - 1]!) * (tar[point]! + tar[point - 1]!)) / 2;
        }
        expect(trapezoids).toBeCloseTo(area, 12);
      }),
    );
  });
});
