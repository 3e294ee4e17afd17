import { ConfigError, randomNumbers } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { sampleBeta } from './sample-beta.ts';

describe('sampleBeta', () => {
  // Beta(α, α) has mean 1/2 and variance 1 / (4 · (2α + 1)).
  it.each([0.01, 0.2, 0.5, 1, 2, 8])('has mean and variance of Beta(%d, %d)', (alpha) => {
    const random = randomNumbers(7);
    const values = Float64Array.from({ length: 20_000 }, () => sampleBeta(alpha, random));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const expected = 1 / (4 * (2 * alpha + 1));
    // Four standard deviations of the mean.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(expected / values.length));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.05);
  });

  it('stays within [0, 1] for any α', () => {
    const random = randomNumbers(3);
    for (const alpha of [1e-6, 1e-3, 1e3, 1e9]) {
      for (let draw = 0; draw < 200; draw++) {
        const value = sampleBeta(alpha, random);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    }
    expect(() => sampleBeta(0, random)).toThrow(ConfigError);
  });
});
