import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { score } from './__fixtures__/arbitraries.ts';
import { bootstrapInterval, calibrateThreshold, MetricsError } from './index.ts';

const hundred = Array.from({ length: 100 }, (_, index) => index / 128);

describe('calibrateThreshold', () => {
  it('is just above the first negative that must be rejected', () => {
    const result = calibrateThreshold(hundred, 0.05);
    // 99/128 … 95/128 are accepted, 94/128 not.
    expect(result.threshold).toBeGreaterThan(94 / 128);
    expect(result.threshold).toBeLessThan(94 / 128 + 1e-15);
    expect(result.far).toBe(0.05);
    expect(result.negatives).toBe(100);
    expect(result.negativesNeeded).toBe(600);
    expect(calibrateThreshold(hundred, 0.3).negativesNeeded).toBe(100);
    expect(calibrateThreshold(hundred, 1e-6).negativesNeeded).toBe(30_000_000);
  });

  it('is defined at both ends', () => {
    expect(calibrateThreshold(hundred, 0)).toMatchObject({
      far: 0,
      negativesNeeded: Number.POSITIVE_INFINITY,
    });
    expect(calibrateThreshold(hundred, 0).threshold).toBeGreaterThan(99 / 128);
    const all = calibrateThreshold(hundred, 1);
    expect(all).toMatchObject({ far: 1, threshold: Number.NEGATIVE_INFINITY });
    expect(calibrateThreshold([0.5], 0.5).far).toBe(0);
  });

  it('is the lowest threshold that accepts at most the target', () => {
    const target = fc.integer({ min: 0, max: 20 }).map((part) => part / 20);
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 30 }), target, (negatives, far) => {
        const { threshold, far: met, interval } = calibrateThreshold(negatives, far);
        const share = (t: number) => negatives.filter((value) => value >= t).length / negatives.length;
        expect(met).toBe(share(threshold));
        expect(met).toBeLessThanOrEqual(far);
        const lower = negatives.filter((value) => value < threshold);
        if (lower.length > 0) expect(share(Math.max(...lower))).toBeGreaterThan(far);
        expect(interval.low).toBeLessThanOrEqual(interval.high);
      }),
    );
  });

  it('has the interval of resampling', () => {
    const count = 400;
    const negatives = Float64Array.from({ length: count }, (_, index) => Math.sin(index * 12.9898));
    const { threshold, interval } = calibrateThreshold(negatives, 0.1, { confidence: 0.9 });
    const statistic = (indices: Uint32Array) => Float64Array.from(indices, (i) => negatives[i]!).sort()[359]!;
    const sampled = bootstrapInterval(statistic, count, { confidence: 0.9, samples: 4000, seed: 3 });
    expect(threshold).toBeCloseTo(sampled.estimate, 12);
    // Within the noise of 4000 resamples; neighbouring negatives are about 0.002 apart there.
    expect(Math.abs(interval.low - sampled.low)).toBeLessThan(0.006);
    expect(Math.abs(interval.high - sampled.high)).toBeLessThan(0.006);
    expect(interval.low).toBeLessThan(threshold);
    expect(interval.high).toBeGreaterThan(threshold);
  });

  it('follows the binomial law exactly in a small case', () => {
    // Two negatives, none allowed: a resample's highest is the lower one with probability 1/4.
    const interval = (confidence: number) => calibrateThreshold([0.25, 0.75], 0, { confidence }).interval;
    expect(interval(0.45).low).toBeGreaterThan(0.75);
    expect(interval(0.55).low).toBeLessThan(0.26);
    expect(interval(0.55).high).toBeGreaterThan(0.75);
  });

  it('rejects invalid input', () => {
    expect(() => calibrateThreshold([], 0.1)).toThrow(/negatives is empty/);
    expect(() => calibrateThreshold([Number.NaN], 0.1)).toThrow(/negatives\[0\] is NaN/);
    expect(() => calibrateThreshold([0.5], 1.5)).toThrow(/far must be/);
    expect(() => calibrateThreshold([0.5], 0.5, { confidence: 1 })).toThrow(MetricsError);
  });
});
