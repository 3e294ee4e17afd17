import { describe, expect, it } from 'vitest';
import { nextWord, seededRandom } from './random.ts';

describe('nextWord', () => {
  it('is xoshiro128**', () => {
    // By hand from (1, 2, 3, 4): rotl(2 · 5, 7) · 9; then (7, 0, 1026, 12288), whose second word is 0; then
    // (12295, 1029, 1029, 25165824): rotl(1029 · 5, 7) · 9.
    const state = Uint32Array.of(1, 2, 3, 4);
    expect([nextWord(state), nextWord(state), nextWord(state)]).toEqual([11520, 0, 5927040]);
  });
});

describe('seededRandom', () => {
  const take = (seed: number, count: number) => {
    const random = seededRandom('seed', seed);
    return Array.from({ length: count }, () => random.next());
  };

  it('is the same for a seed and differs between seeds, in both halves of their bits', () => {
    expect(take(7, 5)).toEqual(take(7, 5));
    const firsts = [0, 1, 2, 7, 2 ** 32, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER].map(
      (seed) => take(seed, 3)[2],
    );
    expect(new Set(firsts).size).toBe(7);
  });

  it('has the mean and variance of uniform numbers, without correlation', () => {
    const values = take(1, 100_000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    let variance = 0;
    let covariance = 0;
    values.forEach((value, index) => {
      variance += (value - mean) ** 2 / values.length;
      covariance += ((value - mean) * (values[(index + 1) % values.length]! - mean)) / values.length;
    });
    // Within five standard errors: 1 / sqrt(12 · 1e5) is 9e-4.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.0013);
    expect(Math.abs(covariance)).toBeLessThan(0.0014);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('draws whole numbers uniformly', () => {
    const random = seededRandom('seed', 3);
    const counts = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < 50_000; draw++) counts[random.below(5)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450);
    expect(random.below(1)).toBe(0);
  });

  it('rejects an invalid seed', () => {
    expect(() => seededRandom('samplePairs: seed', 0.5)).toThrow(/samplePairs: seed must be a whole number/);
    expect(() => seededRandom('seed', -1)).toThrow(/at least 0/);
  });
});
