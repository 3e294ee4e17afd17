import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOfBothKinds, unzipPairs } from './__fixtures__/arbitraries.ts';
import { accuracyAt, operatingPoint, rocCurve, tarAtFar } from './index.ts';

// From the top: same 0.9, different 0.8, same 0.7, different 0.6: (FAR, TAR) is
// (0, 0), (0, 1/2), (1/2, 1/2), (1/2, 1), (1, 1).
const similarities = [0.9, 0.8, 0.7, 0.6];
const isSame = [1, 0, 1, 0];

describe('tarAtFar', () => {
  it('stays within the target by default', () => {
    expect(tarAtFar(similarities, isSame, 0)).toEqual({ tar: 0.5, far: 0, threshold: 0.9 });
    expect(tarAtFar(similarities, isSame, 0.49)).toEqual({ tar: 0.5, far: 0, threshold: 0.9 });
    expect(tarAtFar(similarities, isSame, 0.5)).toEqual({ tar: 1, far: 0.5, threshold: 0.7 });
    // TAR is already 1 at FAR 0.5: the stricter threshold with that TAR.
    expect(tarAtFar(similarities, isSame, 1)).toEqual({ tar: 1, far: 0.5, threshold: 0.7 });
  });

  it('uses the nearest point on request, with ties to the higher TAR', () => {
    const nearest = { rule: 'nearest' } as const;
    expect(tarAtFar(similarities, isSame, 0.2, nearest)).toEqual({ tar: 0.5, far: 0, threshold: 0.9 });
    expect(tarAtFar(similarities, isSame, 0.25, nearest)).toEqual({ tar: 1, far: 0.5, threshold: 0.7 });
    expect(tarAtFar(similarities, isSame, 0.3, nearest)).toEqual({ tar: 1, far: 0.5, threshold: 0.7 });
    expect(tarAtFar(similarities, isSame, 1, nearest)).toEqual({ tar: 1, far: 1, threshold: 0.6 });
  });

  it('accepts nothing if every threshold that accepts something misses the target', () => {
    const point = tarAtFar([0.9, 0.1], [0, 1], 0.001);
    expect(point).toEqual({ tar: 0, far: 0, threshold: Number.POSITIVE_INFINITY });
  });

  it('equals a search of all points', () => {
    fc.assert(
      fc.property(pairsOfBothKinds, fc.double({ min: 0, max: 1, noNaN: true }), (list, target) => {
        const [values, same] = unzipPairs(list);
        const points = [Number.POSITIVE_INFINITY, ...values].map((threshold) => {
          const { far, tar } = accuracyAt(values, same, threshold);
          return { far: far!, tar: tar! };
        });
        const within = points.filter(({ far }) => far <= target);
        const conservative = tarAtFar(values, same, target);
        expect(conservative.tar).toBe(Math.max(...within.map(({ tar }) => tar)));
        expect(conservative.far).toBeLessThanOrEqual(target);

        const smallest = Math.min(...points.map(({ far }) => Math.abs(far - target)));
        const closest = points.filter(({ far }) => Math.abs(far - target) === smallest);
        const nearest = tarAtFar(values, same, target, { rule: 'nearest' });
        expect(Math.abs(nearest.far - target)).toBe(smallest);
        expect(nearest.tar).toBe(Math.max(...closest.map(({ tar }) => tar)));

        for (const point of [conservative, nearest]) {
          const { far, tar } = accuracyAt(values, same, point.threshold);
          expect({ far, tar }).toEqual({ far: point.far, tar: point.tar });
        }
      }),
    );
  });

  it('rejects an invalid target or rule', () => {
    expect(() => tarAtFar(similarities, isSame, 1.5)).toThrow(/far must be a number in \[0, 1\], but is 1.5/);
    expect(() => tarAtFar(similarities, isSame, Number.NaN)).toThrow(/far must be/);
    const rule = 'closest' as 'nearest';
    expect(() => tarAtFar(similarities, isSame, 0.1, { rule })).toThrow(/'conservative' or 'nearest'/);
  });
});

it('operatingPoint serves many targets from one curve', () => {
  const curve = rocCurve(similarities, isSame);
  for (const far of [0, 0.25, 0.5, 1]) {
    expect(operatingPoint(curve, far)).toEqual(tarAtFar(similarities, isSame, far));
  }
});
