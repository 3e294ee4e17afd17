import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelledRows } from './__fixtures__/arbitraries.ts';
import references from './__fixtures__/opis.json';
import { planeLabels, planes } from './__fixtures__/planes.ts';
import {
  type InconsistencyOptions,
  MetricsError,
  operatingPointInconsistency,
  plainBlockProduct,
  tarAtFar,
} from './index.ts';

const firstPlane = planes.slice(0, 4).flat();
const firstLabels = planeLabels.slice(0, 4);

const wide = { distanceRange: [0.5, 1.5], thresholds: 3 } as const;

/** Returns repeatable random rows around a direction of each identity. */
function randomRows(identities: number, samples: number, size: number) {
  const labels = Array.from({ length: identities * samples }, (_, row) => row % identities);
  const embeddings = Float32Array.from({ length: labels.length * size }, (_, place) => {
    const label = labels[Math.floor(place / size)]!;
    return Math.sin((label + 1) * ((place % size) + 2) * 7.13) + 0.7 * Math.sin(place * 12.9898);
  });
  return { labels, embeddings, size };
}

describe.each(references.opis)('the reference case $name', (reference) => {
  const { embeddings, labels, embeddingSize, config } = reference;
  const { utilityWeight, thresholds } = config;
  const [low, high] = config.distanceRange as [number, number];

  it('has the same utilities, deviations and score', () => {
    const options = { utilityWeight, thresholds, distanceRange: [low, high] } as const;
    const found = operatingPointInconsistency(embeddings, labels, embeddingSize, options);
    expect(found.negatives).toBe(reference.negativePairs);
    expect(found.classes.map(({ label }) => label).sort()).toEqual(reference.classes);
    reference.classes.forEach((label, index) => {
      const { utility, deviation } = found.classes.find((one) => one.label === label)!;
      const expected = reference.utility.slice(index * thresholds, (index + 1) * thresholds);
      for (const [threshold, value] of utility.entries()) expect(value).toBeCloseTo(expected[threshold]!, 12);
      expect(deviation).toBeCloseTo(reference.classDeviation[index]!, 12);
    });
    expect(found.score).toBeCloseTo(reference.expectedOpis, 12);
    expect([found.distances[0], found.distances.at(-1)]).toEqual([
      expect.closeTo(low, 12),
      expect.closeTo(high, 12),
    ]);
  });

  it('has the same distances at the false accept rates', () => {
    const farRange = config.farRange as [number, number];
    const { distances, score } = operatingPointInconsistency(embeddings, labels, embeddingSize, {
      utilityWeight,
      thresholds,
      farRange,
    });
    const [first, last] = reference.distanceAtFar;
    expect(Math.abs(distances[0]! - first!)).toBeLessThan(1e-6);
    expect(Math.abs(distances.at(-1)! - last!)).toBeLessThan(1e-6);
    // The reference ranges end half way to the next pair, so their grids differ a little.
    expect(score / reference.expectedOpis).toBeGreaterThan(0.8);
    expect(score / reference.expectedOpis).toBeLessThan(1.25);
  });
});

describe('operatingPointInconsistency', () => {
  it('agrees with a hand-worked example', () => {
    // Distances: identity 0 √0.8, identity 1 0, between them √0.4 and √2, two of each.
    // At 0.5, 1 and 1.5, ψ is 1, 1/2 and 0; φ is 0, 1 and 1 for identity 0, and always 1 for identity 1.
    const found = operatingPointInconsistency(firstPlane, firstLabels, 4, wide);
    expect([...found.distances]).toEqual([0.5, 1, 1.5]);
    expect([...found.cosines]).toEqual([0.875, 0.5, -0.125]);
    expect(found.negatives).toBe(4);
    expect(found.classes).toEqual([
      {
        label: 0,
        positives: 1,
        negatives: 4,
        utility: Float64Array.of(0, 2 / 3, 0),
        deviation: expect.closeTo(1 / 12, 12),
      },
      {
        label: 1,
        positives: 1,
        negatives: 4,
        utility: Float64Array.of(1, 2 / 3, 0),
        deviation: expect.closeTo(1 / 12, 12),
      },
    ]);
    expect([...found.meanUtility]).toEqual([0.5, 2 / 3, 0]);
    expect(found.score).toBeCloseTo(1 / 12, 12);
  });

  it('weighs sensitivity by β', () => {
    // At the distance 1, ψ = 1/2 and φ = 1: 5/2 : (2 + 1).
    const found = operatingPointInconsistency(firstPlane, firstLabels, 4, { ...wide, utilityWeight: 2 });
    expect(found.classes.map(({ utility }) => utility[1])).toEqual([5 / 6, 5 / 6]);
  });

  it('takes the range from false accept rates, with the pairs at its ends', () => {
    // The distances of different identities are √0.4, √0.4, √2, √2.
    const options = { farRange: [0.5, 0.75], thresholds: 2 } as const;
    const found = operatingPointInconsistency(firstPlane, firstLabels, 4, options);
    expect(found.distances[0]).toBeCloseTo(Math.sqrt(0.4), 6);
    expect(found.distances[1]).toBeCloseTo(Math.SQRT2, 6);
    expect([...found.cosines]).toEqual([Math.fround(0.8), 0]);
    // ψ = 1/2, then 0; φ is 0 for identity 0 and 1 for identity 1 at √0.4.
    expect(found.classes.map(({ utility }) => [...utility])).toEqual([
      [0, 0],
      [2 / 3, 0],
    ]);
  });

  it('compares groups by their pairs within', () => {
    const embeddings = planes.flat();
    const groups = [7, 7, 7, 7, 9, 9, 9, 9];
    const found = operatingPointInconsistency(embeddings, planeLabels, 4, { ...wide, groups });
    // Group 7: φ = 1/2, 1, 1 and ψ = 1, 1/2, 0. Group 9: φ = 1 and ψ = 1, 1, 0.
    expect(found.classes).toEqual([
      {
        label: 7,
        positives: 2,
        negatives: 4,
        utility: Float64Array.of(2 / 3, 2 / 3, 0),
        deviation: expect.closeTo(1 / 54, 12),
      },
      {
        label: 9,
        positives: 2,
        negatives: 4,
        utility: Float64Array.of(1, 1, 0),
        deviation: expect.closeTo(1 / 54, 12),
      },
    ]);
    expect(found.score).toBeCloseTo(1 / 54, 12);
    // The range still refers to all 24 pairs of different identities.
    expect(found.negatives).toBe(24);
  });

  it('skips identities without a group, and groups without both kinds of pairs', () => {
    const embeddings = planes.flat();
    const inFirst = [7, 7, 7, 7, null, null, null, null];
    const one = operatingPointInconsistency(embeddings, planeLabels, 4, { ...wide, groups: inFirst });
    expect(one.classes.map(({ label }) => label)).toEqual([7]);
    expect(one.score).toBe(0);
    const alone = [7, 7, 7, 7, 8, 8, 9, 9];
    const same = operatingPointInconsistency(embeddings, planeLabels, 4, { ...wide, groups: alone });
    expect(same.classes).toEqual(one.classes);
  });

  it('is 0 for identities that are images of each other', () => {
    // Three identities, each a third of a turn from the next.
    const angles = [0, 0.3, 0.5].flatMap((shift) =>
      [0, 1, 2].map((third) => shift + (third * 2 * Math.PI) / 3),
    );
    const embeddings = angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
    const labels = angles.map((_, row) => row % 3);
    // Cosines of turned pairs differ by rounding, so no threshold may be at one.
    const found = operatingPointInconsistency(embeddings, labels, 2, {
      distanceRange: [0.1, 1.7],
      thresholds: 5,
    });
    expect(found.score).toBeLessThan(1e-30);
    expect(Math.max(...found.meanUtility)).toBeGreaterThan(0.9);
  });

  it('depends neither on the order of samples, nor on their lengths, nor on the numbers of labels', () => {
    fc.assert(
      fc.property(
        labelledRows(3),
        fc.integer(),
        fc.array(fc.double({ min: 0.25, max: 4, noNaN: true })),
        (set, seed, scales) => {
          const { labels, embeddings } = set;
          const counts = labels.map((label) => labels.filter((other) => other === label).length);
          fc.pre(new Set(labels).size > 1 && counts.some((count) => count > 1));
          // Between the distances of such small whole numbers.
          const options = { distanceRange: [0.31173, 1.87119], thresholds: 7 } as const;
          const expected = operatingPointInconsistency(embeddings, labels, 3, options);
          const order = [...labels.keys()].sort((a, b) => Math.sin(a * 99 + seed) - Math.sin(b * 99 + seed));
          const scaled = order.flatMap((row, place) =>
            embeddings.slice(3 * row, 3 * row + 3).map((value) => value * (scales[place] ?? 1)),
          );
          const renamed = order.map((row) => 100 - labels[row]!);
          const found = operatingPointInconsistency(scaled, renamed, 3, options);
          expect(found.score).toBeCloseTo(expected.score, 12);
          for (const { label, deviation, utility } of expected.classes) {
            const other = found.classes.find((one) => one.label === 100 - label)!;
            expect(other.deviation).toBeCloseTo(deviation, 12);
            expect(Math.max(...utility)).toBeLessThanOrEqual(1);
            expect(Math.min(...utility)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each<InconsistencyOptions>([{ blockRows: 7 }, { blockRows: 7, memory: 0 }, { memory: 0 }])(
    'gives the same result with %j',
    (options) => {
      const { labels, embeddings, size } = randomRows(12, 9, 5);
      const whole = operatingPointInconsistency(embeddings, labels, size);
      expect(operatingPointInconsistency(embeddings, labels, size, options)).toEqual(whole);
    },
  );

  it('computes each block once if the scores fit into memory', () => {
    const { labels, embeddings, size } = randomRows(12, 9, 5);
    const count = (memory: number) => {
      let calls = 0;
      const multiply: typeof plainBlockProduct = (...args) => {
        calls += 1;
        return plainBlockProduct(...args);
      };
      operatingPointInconsistency(embeddings, labels, size, { multiply, blockRows: 54, memory });
      return calls;
    };
    // 108 rows are two blocks: three products.
    expect([count(2 ** 24), count(0)]).toEqual([3, 9]);
  });

  it('agrees with the rates of tarAtFar at the end of the range', () => {
    const { labels, embeddings, size } = randomRows(2, 20, 4);
    const found = operatingPointInconsistency(embeddings, labels, size, { farRange: [0.05, 0.2] });
    // Both identities share all pairs of different identities.
    const similarities: number[] = [];
    const isSame: boolean[] = [];
    const lengths = labels.map((_, row) => Math.hypot(...embeddings.subarray(4 * row, 4 * row + 4)));
    labels.forEach((first, i) => {
      labels.slice(0, i).forEach((second, j) => {
        let dot = 0;
        for (let k = 0; k < 4; k++) dot += embeddings[4 * i + k]! * embeddings[4 * j + k]!;
        similarities.push(dot / lengths[i]! / lengths[j]!);
        isSame.push(first === second);
      });
    });
    expect(found.negatives).toBe(400);
    const { threshold } = tarAtFar(similarities, isSame, 0.2);
    expect(found.cosines.at(-1)).toBeLessThanOrEqual(threshold + 1e-6);
    const accepted = similarities.filter(
      (value, pair) => !isSame[pair] && value >= found.cosines.at(-1)! - 1e-6,
    );
    expect(accepted).toHaveLength(80);
  });

  it('handles extreme rows and ranges', () => {
    // All at one place: every pair is accepted everywhere, so every utility is 0.
    const equal = operatingPointInconsistency([1, 2, 1, 2, 1, 2, 1, 2], [0, 0, 1, 1], 2, {
      distanceRange: [0.1, 2],
    });
    expect(equal.score).toBe(0);
    expect([...equal.meanUtility].every((value) => value === 0)).toBe(true);
    // Huge, tiny and opposite rows.
    const rows = [1e38, 0, 1e-38, 0, -1e30, 0, -1e-30, 0];
    const opposite = operatingPointInconsistency(rows, [0, 0, 1, 1], 2, {
      distanceRange: [0, 2],
      thresholds: 2,
    });
    expect(opposite.classes.map(({ utility }) => [...utility])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(opposite.score).toBe(0);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no rows', () => operatingPointInconsistency([], [], 2), /embeddings is empty/],
    ['a row that is not finite', () => call([1, Number.NaN, 1, 0], [0, 1]), /row 0, column 1 is NaN/],
    ['a row of zeros', () => call([1, 0, 0, 0], [0, 1]), /row 1 is all zeros/],
    ['too few labels', () => call([1, 0, 0, 1], [0]), /labels has 1 element, but .* requires 2/],
    ['one identity', () => call([1, 0, 0, 1], [3, 3]), /needs at least two identities, but found one/],
    [
      'one sample of each',
      () => call([1, 0, 0, 1], [0, 1]),
      /needs an identity with two samples, but found none/,
    ],
    ['both ranges', () => call(pairs, two, { farRange: [0.1, 1], distanceRange: [0, 1] }), /both given/],
    ['a range upside down', () => call(pairs, two, { distanceRange: [1, 0.5] }), /is \[1,0\.5\]/],
    [
      'a range of one distance',
      () => call(pairs, two, { distanceRange: [1, 1] }),
      /distanceRange must be two/,
    ],
    ['a distance above 2', () => call(pairs, two, { distanceRange: [1, 2.5] }), /distances in \[0, 2\]/],
    ['a rate of 0', () => call(pairs, two, { farRange: [0, 0.5] }), /false accept rates in \(0, 1\]/],
    ['a rate that is NaN', () => call(pairs, two, { farRange: [0.1, Number.NaN] }), /is \[0\.1,NaN\]/],
    [
      'equal distances at both rates',
      () => call(pairs, two),
      /calibration range is empty.* 0\.01 and 0\.1 .* 3 pairs/,
    ],
    [
      'one threshold',
      () => call(pairs, two, { thresholds: 1 }),
      /thresholds must be a whole number of at least 2/,
    ],
    [
      'a weight of 0',
      () => call(pairs, two, { utilityWeight: 0 }),
      /utilityWeight must be a finite number above 0/,
    ],
    ['too few groups', () => call(pairs, two, { groups: [1] }), /groups has 1 element/],
    ['no group', () => call(pairs, two, { groups: [null, null, null, null] }), /groups are all null/],
    ['a group that is NaN', () => call(pairs, two, { groups: [1, Number.NaN, 1, 1] }), /groups\[1\] is NaN/],
    [
      'two groups of one identity',
      () => call(pairs, two, { groups: [1, 2, 1, 1] }),
      /groups\[1\] is 2, but row 0 of the same identity has 1/,
    ],
    [
      'groups of one identity',
      () => call(pairs, two, { groups: [1, 1, 1, 2] }),
      /needs a group of two identities, one of them with two samples/,
    ],
    [
      'products that are no cosines',
      () => call(pairs, two, { ...wide, multiply: (_, __, a, b) => new Float32Array(a * b).fill(3) }),
      /multiply returned 3/,
    ],
    [
      'products that are no cosines, in search of the range',
      () => call(pairs, two, { multiply: (_, __, a, b) => new Float32Array(a * b).fill(Number.NaN) }),
      /multiply returned NaN/,
    ],
  ])('rejects %s', (_, run, message) => {
    expect(run).toThrow(MetricsError);
    expect(run).toThrow(message);
  });
});

const pairs = [1, 0, 1, 0, 1, 0, 0, 1];
const two = [0, 0, 0, 1];

function call(embeddings: number[], labels: number[], options?: InconsistencyOptions) {
  return operatingPointInconsistency(embeddings, labels, 2, options);
}
