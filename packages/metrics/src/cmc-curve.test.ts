import { describe, expect, it } from 'vitest';
import { cmcCurve, MetricsError, type ProbeMatches, rankAccuracy } from './index.ts';

const nothing = new Float64Array(5);
const withRanks = (...ranks: number[]): ProbeMatches => ({
  bestRight: nothing,
  bestWrong: nothing,
  ranks: new Uint32Array(ranks),
});

describe('cmcCurve', () => {
  it('counts mated probes up to each rank, but no strangers', () => {
    const matches = withRanks(1, 3, 0, 1, 9);
    expect([...cmcCurve(matches, 4)]).toEqual([0.5, 0.5, 0.75, 0.75]);
    expect(cmcCurve(matches)).toHaveLength(20);
    expect(cmcCurve(matches)[19]).toBe(1);
    expect(rankAccuracy(matches)).toBe(0.5);
    expect(rankAccuracy(matches, 8)).toBe(0.75);
    expect(rankAccuracy(matches, 9)).toBe(1);
  });

  it('rejects invalid input', () => {
    expect(() => cmcCurve(withRanks(0, 0))).toThrow(/none of 2 probes has its identity in the gallery/);
    expect(() => rankAccuracy(withRanks(1), 0)).toThrow(/rank must be a whole number/);
    expect(() => cmcCurve(withRanks(1), 1.5)).toThrow(MetricsError);
  });
});
