import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { score } from './__fixtures__/arbitraries.ts';
import { dirAtFar, MetricsError, type ProbeMatches } from './index.ts';

const never = Number.NEGATIVE_INFINITY;
/** Builds matches from [best right, best wrong] of each probe; a stranger has no right match. */
function matchesOf(...probes: readonly (readonly [number | null, number])[]): ProbeMatches {
  return {
    bestRight: Float64Array.from(probes, ([right]) => right ?? never),
    bestWrong: Float64Array.from(probes, ([, wrong]) => wrong),
    ranks: Uint32Array.from(probes, ([right, wrong]) => (right === null ? 0 : right > wrong ? 1 : 2)),
  };
}

describe('dirAtFar', () => {
  const matches = matchesOf(
    [0.9, 0.1],
    [0.5, 0.6],
    [0.4, 0.2],
    [null, 0.4],
    [null, 0.8],
    [null, 0.3],
    [null, 0.2],
  );

  it('sets the threshold by the strangers and requires the correct match to reach it', () => {
    // No stranger accepted: above 0.8, one of three probes. One of four strangers accepted: above 0.4, not at 0.4.
    expect(dirAtFar(matches, 0)).toMatchObject({ dir: 1 / 3, far: 0 });
    expect(dirAtFar(matches, 0.25)).toMatchObject({ dir: 1 / 3, far: 0.25 });
    expect(dirAtFar(matches, 0.5)).toMatchObject({ dir: 2 / 3, far: 0.5 });
    expect(dirAtFar(matches, 0.25).threshold).toBeCloseTo(0.4, 12);
    expect(dirAtFar(matches, 0.25).threshold).toBeGreaterThan(0.4);
    // All strangers accepted: no probe is rejected, and the wrong match stays wrong.
    expect(dirAtFar(matches, 1)).toEqual({ dir: 2 / 3, far: 1, threshold: never });
  });

  it('rejects all of a tie', () => {
    const tied = matchesOf([0.5, 0], [null, 0.5], [null, 0.5], [null, 0.5]);
    expect(dirAtFar(tied, 0.5)).toMatchObject({ dir: 0, far: 0 });
  });

  it('handles probes that match no gallery row', () => {
    expect(dirAtFar(matchesOf([0.5, never], [null, never]), 0)).toEqual({
      dir: 1,
      far: 0,
      threshold: -Number.MAX_VALUE,
    });
  });

  it('equals a direct implementation of the definition', () => {
    const mated = fc.array(fc.tuple(score, score), { minLength: 1, maxLength: 8 });
    const strangers = fc.array(score, { minLength: 1, maxLength: 8 });
    const tenths = fc.integer({ min: 0, max: 9 }).map((part) => part / 10);
    fc.assert(
      fc.property(mated, strangers, tenths, (known, unknown, far) => {
        const result = dirAtFar(matchesOf(...known, ...unknown.map((value) => [null, value] as const)), far);
        const descending = [...unknown].sort((a, b) => b - a);
        let allowed = 0;
        while ((allowed + 1) / unknown.length <= far) allowed += 1;
        const bar = descending[allowed]!;
        const right = known.filter(([own, wrong]) => own > wrong && own > bar);
        expect(result.dir).toBe(right.length / known.length);
        expect(result.far).toBe(unknown.filter((value) => value > bar).length / unknown.length);
        expect(result.far).toBeLessThanOrEqual(far);
      }),
    );
  });

  it('rejects invalid input', () => {
    expect(() => dirAtFar(matchesOf([0.5, 0.1]), 0.1)).toThrow(/found 1 and 0: add the missing kind/);
    expect(() => dirAtFar(matchesOf([null, 0.1]), 0.1)).toThrow(/found 0 and 1/);
    expect(() => dirAtFar(matches, 2)).toThrow(MetricsError);
  });
});
