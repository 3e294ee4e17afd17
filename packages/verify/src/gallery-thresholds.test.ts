import { randomNumbers } from '@openset/core';
import { galleryScores, galleryThreshold, logisticProbability, normalDeviate } from '@openset/metrics';
import { describe, expect, it } from 'vitest';
import { gallerySearch, galleryThresholdsProblem, thresholdForGallery } from './gallery-thresholds.ts';

const thresholds = [
  { people: 1, threshold: 0.5 },
  { people: 10, threshold: 0.6 },
  { people: 1000, threshold: 0.7 },
];

describe('thresholdForGallery', () => {
  it.each([
    [1, 0.5],
    [10, 0.6],
    [100, 0.65],
    [1000, 0.7],
  ])('is linear in the logarithm of the size: %i people', (people, expected) => {
    expect(thresholdForGallery(thresholds, people)).toBeCloseTo(expected, 12);
  });

  it('takes the smallest entry below it, and a single entry everywhere', () => {
    expect(thresholdForGallery(thresholds.slice(1), 0)).toBe(0.6);
    expect(thresholdForGallery(thresholds.slice(1), 3)).toBe(0.6);
    expect(thresholdForGallery([{ people: 10, threshold: 0.6 }], 1e6)).toBe(0.6);
  });

  it.each([
    [10_000, 0.75],
    [100_000, 0.8],
    [1e12, 1],
  ])('continues the line through the two largest entries: %i people', (people, expected) => {
    expect(thresholdForGallery(thresholds, people)).toBeCloseTo(expected, 12);
  });

  it('does not fall beyond the largest entry', () => {
    const falling = [
      { people: 10, threshold: 0.6 },
      { people: 100, threshold: 0.55 },
    ];
    expect(thresholdForGallery(falling, 10_000)).toBe(0.55);
  });

  it('is a little strict for the median of the best of G normal scores', () => {
    const median = (people: number) => 0.1 * normalDeviate(0.5 ** (1 / people));
    const known = [10, 100, 1000].map((people) => ({ people, threshold: median(people) }));
    for (const people of [10_000, 100_000]) {
      const predicted = thresholdForGallery(known, people);
      expect(predicted).toBeGreaterThan(median(people));
      expect(predicted - median(people)).toBeLessThan(0.04);
    }
  });

  it('predicts the threshold of a size that was left out', () => {
    // Two images of each of 300 people.
    const random = randomNumbers(8);
    const [people, size] = [300, 24];
    const normal = () => normalDeviate(random());
    const rows = Array.from({ length: people }, () => Array.from({ length: size }, normal)).flatMap(
      (centre) => [0, 1].flatMap(() => centre.map((value) => value + 0.6 * normal())),
    );
    const labels = Array.from({ length: 2 * people }, (_, row) => row >> 1);
    const scores = galleryScores(rows, labels, size);
    const known = [10, 100].map((entry) => ({ people: entry, threshold: galleryThreshold(scores, entry)! }));
    const expected = galleryThreshold(scores, 1000)!;
    const nearest = known.at(-1)!.threshold;
    expect(expected - nearest).toBeGreaterThan(0.04);
    const predicted = thresholdForGallery(known, 1000);
    expect(predicted).toBeGreaterThan(expected - 0.1 * (expected - nearest));
    expect(predicted).toBeLessThan(expected + 0.5 * (expected - nearest));
  });

  it('never falls as the gallery grows, if the entries do not', () => {
    let last = -1;
    for (let people = 0; people < 1200; people++) {
      const threshold = thresholdForGallery(thresholds, people);
      expect(threshold).toBeGreaterThanOrEqual(last);
      last = threshold;
    }
  });

  it('rejects sizes that are no count, and empty tables', () => {
    expect(() => thresholdForGallery(thresholds, 1.5)).toThrow('people');
    expect(() => thresholdForGallery(thresholds, Number.NaN)).toThrow('people');
    expect(() => thresholdForGallery([], 3)).toThrow('not empty');
  });
});

describe('gallerySearch', () => {
  const entries = [
    {
      people: 10,
      threshold: 0.5,
      falseAlarms: 0.06,
      falseAlarmsBound: 0.1,
      calibration: { slope: -20, offset: 10 },
    },
    {
      people: 1000,
      threshold: 0.7,
      falseAlarms: 0.1,
      falseAlarmsBound: 0.3,
      calibration: { slope: -30, offset: 20 },
    },
  ];

  it('returns an entry itself at its size', () => {
    for (const entry of entries) {
      const found = gallerySearch(entries, entry.people);
      expect(found).toMatchObject({ threshold: entry.threshold, isExtrapolated: false });
      expect(found.falseAlarms).toBeCloseTo(entry.falseAlarms, 12);
      expect(found.calibration!.slope).toBeCloseTo(entry.calibration.slope, 12);
      expect(found.calibration!.offset).toBeCloseTo(entry.calibration.offset, 12);
    }
    expect(gallerySearch(entries, 2)).toMatchObject({ threshold: 0.5, falseAlarmsBound: 0.1 });
  });

  it('mixes shares and curves between sizes', () => {
    const { falseAlarms, falseAlarmsBound, calibration, threshold } = gallerySearch(entries, 100);
    expect([falseAlarms, falseAlarmsBound, threshold]).toEqual(
      [0.08, 0.2, 0.6].map((value) => expect.closeTo(value, 12)),
    );
    expect(calibration!.slope).toBeCloseTo(-25, 12);
    // Exponents at the thresholds: 0 and -1.
    expect(calibration!.slope * threshold + calibration!.offset).toBeCloseTo(-0.5, 12);
  });

  it('keeps the probability at the threshold beyond the largest size, and promises no rate', () => {
    const found = gallerySearch(entries, 100_000);
    expect(found).toMatchObject({ isExtrapolated: true, falseAlarms: null, falseAlarmsBound: null });
    expect(found.threshold).toBeCloseTo(0.9, 12);
    expect(logisticProbability(found.calibration!, found.threshold)).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });

  it('knows nothing that an entry lacks', () => {
    const { calibration, falseAlarms } = gallerySearch([entries[0]!, { people: 1000, threshold: 0.7 }], 100);
    expect([calibration, falseAlarms]).toEqual([null, null]);
    expect(gallerySearch(thresholds, 1e5).calibration).toBeNull();
  });
});

describe('galleryThresholdsProblem', () => {
  it.each<[string, unknown, string | null]>([
    ['a good table', thresholds, null],
    ['no list', 0.5, 'must be a list'],
    ['sizes that repeat', [thresholds[0], thresholds[0]], '1 after 1'],
    ['a size of zero', [{ people: 0, threshold: 0.5 }], '0 after 0'],
    ['a threshold above 1', [{ people: 1, threshold: 1.5 }], 'from -1 to 1'],
    ['a missing threshold', [{ people: 1 }], 'undefined'],
    ['null', [null], 'undefined after 0'],
    ['a share above 1', [{ ...thresholds[0], falseAlarms: 2 }], 'from 0 to 1, but is 2'],
    ['a bound that is no number', [{ ...thresholds[0], falseAlarmsBound: '1' }], 'from 0 to 1, but is 1'],
    ['a curve that rises', [{ ...thresholds[0], calibration: { slope: 2, offset: 1 } }], 'has 2 and 1'],
    ['rates', [{ ...thresholds[0], rates: [{ falseAlarms: 0.1, threshold: 0.4, missed: 0.2 }] }], null],
    ['no rates', [{ ...thresholds[0], rates: [] }], null],
    ['rates that are no list', [{ ...thresholds[0], rates: null }], 'must be a list, but are null'],
    ['a curve without an offset', [{ ...thresholds[0], calibration: { slope: -2 } }], 'has -2 and undefined'],
  ])('judges %s', (_, value, problem) => {
    const found = galleryThresholdsProblem(value);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(problem);
  });
});
