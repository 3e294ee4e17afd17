import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MetricsError, samplePairs } from './index.ts';

function listOf({ pairs }: { pairs: Uint32Array }): [number, number][] {
  return Array.from({ length: pairs.length / 2 }, (_, pair) => [pairs[2 * pair]!, pairs[2 * pair + 1]!]);
}

describe('samplePairs', () => {
  it('draws every pair once if count is their number', () => {
    // Same: 01 02 12 34. Different: 4 of the 6 between the two labels.
    const sampled = samplePairs([5, 5, 5, 9, 9], { count: 8, seed: 1 });
    expect([...sampled.isSame]).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    const same = listOf(sampled).filter((_, pair) => sampled.isSame[pair] === 1);
    expect(same.map(String).sort()).toEqual(['0,1', '0,2', '1,2', '3,4']);
  });

  it('draws distinct balanced pairs and labels them correctly', () => {
    const labelLists = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 30 });
    fc.assert(
      fc.property(labelLists, fc.nat(), (labels, seed) => {
        let same = 0;
        for (let a = 0; a < labels.length; a++) {
          for (let b = 0; b < a; b++) same += labels[a] === labels[b] ? 1 : 0;
        }
        const different = (labels.length * (labels.length - 1)) / 2 - same;
        const half = Math.min(same, different);
        fc.pre(half > 0);
        const sampled = samplePairs(labels, { count: 2 * half, seed });
        const list = listOf(sampled);
        expect(new Set(list.map(String)).size).toBe(2 * half);
        list.forEach(([first, second], pair) => {
          expect(first).toBeLessThan(second);
          expect(second).toBeLessThan(labels.length);
          expect(labels[first] === labels[second]).toBe(sampled.isSame[pair] === 1);
          expect(sampled.isSame[pair]).toBe(pair % 2 === 0 ? 1 : 0);
        });
        expect(samplePairs(labels, { count: 2 * half, seed })).toEqual(sampled);
        expect(() => samplePairs(labels, { count: 2 * half + 2, seed })).toThrow(MetricsError);
      }),
    );
  });

  it('draws every pair equally often', () => {
    const labels = [0, 1, 0, 2, 1, 0];
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      for (const pair of listOf(samplePairs(labels, { count: 4, seed }))) {
        counts.set(String(pair), (counts.get(String(pair)) ?? 0) + 1);
      }
    }
    // Each draw takes two of four same pairs (02 05 25 14) and two of 11 different ones. Five standard deviations.
    expect(counts.size).toBe(15);
    for (const [pair, count] of counts) {
      const same = ['0,2', '0,5', '2,5', '1,4'].includes(pair);
      const share = same ? 2 / 4 : 2 / 11;
      expect(Math.abs(count - 6000 * share)).toBeLessThan(5 * Math.sqrt(6000 * share * (1 - share)));
    }
  });

  it('samples from more pairs than could be listed', () => {
    // 2e10 pairs, 1e9 of them same.
    const labels = Uint16Array.from({ length: 200_000 }, (_, index) => index % 20);
    const sampled = samplePairs(labels, { count: 10_000, seed: 5 });
    const list = listOf(sampled);
    expect(new Set(list.map(String)).size).toBe(10_000);
    list.forEach(([first, second], pair) => {
      expect(labels[first] === labels[second]).toBe(sampled.isSame[pair] === 1);
    });
    const mean = list.reduce((sum, [first, second]) => sum + first + second, 0) / 20_000;
    expect(Math.abs(mean - 100_000)).toBeLessThan(2500);
  });

  it('rejects invalid input', () => {
    expect(() => samplePairs([0, 0, 0], { count: 2 })).toThrow(
      /need 1 of each kind.*only 3 .* and 0 of different/,
    );
    expect(() => samplePairs([0, 1, 2], { count: 2 })).toThrow(/only 0 pairs of the same label and 3/);
    expect(() => samplePairs([0, 0, 1], { count: 3 })).toThrow(/count must be even/);
    expect(() => samplePairs([0, 0, 1], { count: 0 })).toThrow(/count must be a whole number of at least 2/);
    expect(() => samplePairs([0, Number.NaN, 1], { count: 2 })).toThrow(/labels\[1\] is NaN/);
    expect(() => samplePairs([], { count: 2 })).toThrow(/labels is empty/);
    expect(() => samplePairs([0, 0, 1], { count: 2, seed: -1 })).toThrow(/seed/);
  });
});
