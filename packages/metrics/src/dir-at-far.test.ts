import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { score } from './__fixtures__/arbitraries.ts';
import { dirAtFar, MetricsError, type ProbeMatches } from './index.ts';

const never = Number.NEGATIVE_INFINITY;
/** Probes as [best right, best wrong]; strangers have no right match. */
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

  it('takes the threshold from the strangers and asks for the right match above it', () => {
    // No stranger: above 0.8, one of three. One of four: above 0.4, where 0.4 itself is not.
    expect(dirAtFar(matches, 0)).toMatchObject({ dir: 1 / 3, far: 0 });
    expect(dirAtFar(matches, 0.25)).toMatchObject({ dir: 1 / 3, far: 0.25 });
    expect(dirAtFar(matches, 0.5)).toMatchObject({ dir: 2 / 3, far: 0.5 });
    expect(dirAtFar(matches, 0.25).threshold).toBeCloseTo(0.4, 12);
    expect(dirAtFar(matches, 0.25).threshold).toBeGreaterThan(0.4);
    // All of them: nobody is rejected, and the wrong match stays wrong.
    expect(dirAtFar(matches, 1)).toEqual({ dir: 2 / 3, far: 1, threshold: never });
  });

  it('does not accept half of a tie', () => {
    const tied = matchesOf([0.5, 0], [null, 0.5], [null, 0.5], [null, 0.5]);
    expect(dirAtFar(tied, 0.5)).toMatchObject({ dir: 0, far: 0 });
  });

  it('takes probes that no gallery row could match', () => {
    expect(dirAtFar(matchesOf([0.5, never], [null, never]), 0)).toEqual({
      dir: 1,
      far: 0,
      threshold: -Number.MAX_VALUE,
    });
  });

  it('equals the plain definition', () => {
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

  it('names what is wrong', () => {
    expect(() => dirAtFar(matchesOf([0.5, 0.1]), 0.1)).toThrow(/found 1 and 0: add the missing kind/);
    expect(() => dirAtFar(matchesOf([null, 0.1]), 0.1)).toThrow(/found 0 and 1/);
    expect(() => dirAtFar(matches, 2)).toThrow(MetricsError);
  });
});
