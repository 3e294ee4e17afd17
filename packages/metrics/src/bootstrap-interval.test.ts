import { describe, expect, it } from 'vitest';
import { bootstrapInterval, MetricsError } from './index.ts';

describe('bootstrapInterval', () => {
  const values = Array.from({ length: 400 }, (_, index) => index % 2);
  const mean = (indices: Uint32Array) =>
    indices.reduce((sum, index) => sum + values[index]!, 0) / indices.length;

  it('agrees with the normal approximation for a mean', () => {
    // The mean of 400 fair coins: 0.5 ± 1.96 · 0.025.
    const result = bootstrapInterval(mean, 400, { samples: 4000, seed: 1 });
    expect(result.estimate).toBe(0.5);
    expect(result.standardError).toBeCloseTo(0.025, 2);
    expect(result.low).toBeCloseTo(0.5 - 0.049, 2);
    expect(result.high).toBeCloseTo(0.5 + 0.049, 2);
    const narrower = bootstrapInterval(mean, 400, { samples: 4000, seed: 1, confidence: 0.5 });
    expect(narrower.high - narrower.low).toBeLessThan(0.5 * (result.high - result.low));
  });

  it('is the same for a seed', () => {
    const options = { samples: 50, seed: 9 };
    expect(bootstrapInterval(mean, 400, options)).toEqual(bootstrapInterval(mean, 400, options));
    const other = bootstrapInterval(mean, 400, { samples: 50, seed: 10 });
    expect(other).not.toEqual(bootstrapInterval(mean, 400, options));
  });

  it('evaluates the original data first, then resamples of the same size', () => {
    const calls: number[][] = [];
    bootstrapInterval((indices) => calls.push([...indices]), 5, { samples: 3 });
    expect(calls).toHaveLength(4);
    expect(calls[0]).toEqual([0, 1, 2, 3, 4]);
    for (const call of calls) {
      expect(call).toHaveLength(5);
      expect(call.every((index) => index >= 0 && index < 5)).toBe(true);
    }
  });

  it('draws uniformly within strata', () => {
    // Seven data in the strata 2, 5, 2, 2, 5, 5, 5: neither size divides 7.
    const strata = [2, 5, 2, 2, 5, 5, 5];
    const drawn = new Uint32Array(7);
    const count = (indices: Uint32Array) => {
      indices.forEach((index, position) => {
        expect(strata[index]).toBe(strata[position]);
        drawn[index]! += 1;
      });
      return 1;
    };
    bootstrapInterval(count, 7, { samples: 20_000, strata });
    for (const often of drawn) expect(Math.abs(often / 20_000 - 1)).toBeLessThan(0.04);
    expect(() => bootstrapInterval(count, 7, { strata: [1, 2] })).toThrow(
      /strata has 2 elements, but count requires 7/,
    );
    expect(() => bootstrapInterval(count, 1, { strata: [Number.NaN] })).toThrow(/strata\[0\] is NaN/);
  });

  it('interpolates quantiles linearly', () => {
    // The resamples give 1, 2, 3; half of the distribution lies between indices 0.5 and 1.5.
    let call = 0;
    const result = bootstrapInterval(() => call++, 1, { samples: 3, confidence: 0.5 });
    expect(result).toEqual({ estimate: 0, low: 1.5, high: 2.5, standardError: 1 });
  });

  it('has no width for a constant', () => {
    const result = bootstrapInterval(() => 3, 10, { samples: 20 });
    expect(result).toEqual({ estimate: 3, low: 3, high: 3, standardError: 0 });
  });

  it('rejects invalid input', () => {
    expect(() => bootstrapInterval(mean, 0)).toThrow(/count must be a whole number of at least 1/);
    expect(() => bootstrapInterval(mean, 4, { confidence: 95 })).toThrow(/confidence must be in \(0, 1\)/);
    expect(() => bootstrapInterval(mean, 4, { samples: 1 })).toThrow(/samples must be/);
    expect(() => bootstrapInterval(() => Number.NaN, 4)).toThrow(/statistic of the data is NaN/);
    let call = 0;
    const later = () => (call++ === 2 ? Number.NaN : 1);
    expect(() => bootstrapInterval(later, 4)).toThrow(/statistic of resample 1 is NaN/);
    expect(() => bootstrapInterval(() => Number.NaN, 4)).toThrow(MetricsError);
  });
});
