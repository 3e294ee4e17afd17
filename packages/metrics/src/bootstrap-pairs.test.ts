import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BinnedPairs, bootstrapPairs, MetricsError, normalDeviate } from './index.ts';
import { seededRandom } from './random.ts';

const meanOf = (weights: Float64Array, values: Float64Array) =>
  weights.reduce((sum, weight, bin) => sum + weight * values[bin]!, 0) /
  weights.reduce((sum, weight) => sum + weight, 0);
const differenceOfMeans = ({ values, same, different }: BinnedPairs) =>
  meanOf(same, values) - meanOf(different, values);

/** All pairs of images of invented people, whose similarities depend on the people. */
function peoplePairs(count: number, images: number, seed: number) {
  const random = seededRandom('test', seed);
  const normal = () => normalDeviate(random.next() * (1 - 2e-9) + 1e-9);
  const effects = Array.from({ length: count }, () => 0.1 * normal());
  const similarities: number[] = [];
  const isSame: number[] = [];
  const people: number[] = [];
  for (let first = 0; first < count * images; first++) {
    for (let second = first + 1; second < count * images; second++) {
      const [a, b] = [Math.floor(first / images), Math.floor(second / images)];
      similarities.push((a === b ? 0.5 : 0) + effects[a]! + effects[b]! + 0.05 * normal());
      isSame.push(a === b ? 1 : 0);
      people.push(a, b);
    }
  }
  return { similarities, isSame, people };
}

describe('bootstrapPairs', () => {
  it('counts a person who is drawn twice twice in own pairs, and by the product in pairs of two', () => {
    const pairs = { similarities: [0.9, 0.7, 0.1], isSame: [1, 1, 0], people: [7, 7, 9, 9, 7, 9] };
    const seen = new Set<string>();
    const statistic = ({ values, same, different }: BinnedPairs) => {
      expect([...values].map((value) => Number(value.toFixed(9)))).toEqual([0.1, 0.7, 0.9]);
      // A resample of one person only has no pair of different people: it is not evaluated.
      seen.add(`${same[2]} ${same[1]} ${different[0]}`);
      return 1;
    };
    expect(bootstrapPairs(pairs, statistic)).toEqual({ estimate: 1, low: 1, high: 1, standardError: 0 });
    expect([...seen]).toEqual(['1 1 1']);
    const three = {
      similarities: [0.9, 0.1, 0.1, 0.1],
      isSame: [1, 0, 0, 0],
      people: [1, 1, 1, 2, 1, 3, 2, 3],
    };
    seen.clear();
    bootstrapPairs(three, ({ same, different }) => {
      seen.add(`${same[1]} ${different[0]}`);
      return 1;
    });
    // Draws of person 1, 2, 3: 1 1 1; 2 1 0 or 2 0 1; 1 2 0 or 1 0 2. Without person 1 there is no pair of the same person.
    expect(seen).toEqual(new Set(['1 3', '2 2', '1 2']));
  });

  it('gives the estimate of the data, and the same interval for the same seed', () => {
    const pairs = peoplePairs(12, 3, 1);
    const { similarities, isSame } = pairs;
    const found = bootstrapPairs(pairs, differenceOfMeans, { samples: 100 });
    const mean = (kind: number) => {
      const values = similarities.filter((_, pair) => isSame[pair] === kind);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    // Rounding mixes the kinds in a bin.
    expect(found.estimate).toBeCloseTo(mean(1) - mean(0), 4);
    expect(bootstrapPairs(pairs, differenceOfMeans, { samples: 100 })).toEqual(found);
    expect(bootstrapPairs(pairs, differenceOfMeans, { samples: 100, seed: 1 })).not.toEqual(found);
  });

  it('covers the truth in nearly all sets, where resampled pairs cover it far less often', () => {
    let [overPeople, overPairs] = [0, 0];
    const runs = 80;
    // The mean similarity of different people; its true value is 0.
    const statistic = ({ values, different }: BinnedPairs) => meanOf(different, values);
    const covers = ({ low, high }: { low: number; high: number }) => low <= 0 && 0 <= high;
    for (let run = 0; run < runs; run++) {
      const pairs = peoplePairs(25, 2, 100 + run);
      const options = { samples: 100, seed: run };
      if (covers(bootstrapPairs(pairs, statistic, options))) overPeople += 1;
      if (covers(bootstrapPairs({ ...pairs, people: null }, statistic, options))) overPairs += 1;
    }
    expect(overPeople).toBeGreaterThanOrEqual(69);
    expect(overPairs).toBeLessThanOrEqual(45);
  });

  it('rounds similarities to 1 / 1024 of their range, and keeps their mean', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    const lists = fc.array(value, { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(lists, (similarities) => {
        const isSame = similarities.map((_, pair) => pair % 2);
        const total = similarities.reduce((sum, next) => sum + next, 0);
        let rounded: number | undefined;
        bootstrapPairs(
          { similarities, isSame, people: null },
          ({ values, same, different }) => {
            // The first call sees the data, the others see resamples.
            rounded ??= values.reduce((sum, v, bin) => sum + v * (same[bin]! + different[bin]!), 0);
            for (let bin = 1; bin < values.length; bin++)
              expect(values[bin]).toBeGreaterThan(values[bin - 1]!);
            return 0;
          },
          { samples: 2 },
        );
        expect(rounded).toBeCloseTo(total, 9);
      }),
    );
  });

  it.each([
    [
      [0, 5e-324],
      [0, 5e-324],
    ],
    [
      [-1, -1 + 2 ** -53, -1],
      [-1, -1 + 2 ** -53],
    ],
    [[0.3, 0.3, 0.3], [0.3]],
  ])('keeps %j apart', (similarities, expected) => {
    const isSame = similarities.map((_, pair) => pair % 2);
    const statistic = ({ values }: BinnedPairs) => {
      expect([...values]).toEqual(expected);
      return 0;
    };
    bootstrapPairs({ similarities, isSame, people: null }, statistic, { samples: 2 });
    expect.assertions(3);
  });

  it('rejects invalid input', () => {
    const pairs = { similarities: [0.9, 0.1], isSame: [1, 0], people: [1, 1, 1, 2] };
    const statistic = () => 0;
    expect(() => bootstrapPairs({ ...pairs, people: [1, 1, 1] }, statistic)).toThrow(/people/);
    expect(() =>
      bootstrapPairs({ ...pairs, similarities: [0.9, Number.NEGATIVE_INFINITY] }, statistic),
    ).toThrow(/similarities\[1\] is -Infinity, but must be a finite number/);
    expect(() => bootstrapPairs({ ...pairs, isSame: [1, 1] }, statistic)).toThrow(/found 2 and 0/);
    expect(() => bootstrapPairs(pairs, () => Number.NaN)).toThrow(MetricsError);
  });
});
