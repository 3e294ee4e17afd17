import { describe, expect, it } from 'vitest';
import { galleryThresholdsProblem, thresholdForGallery } from './gallery-thresholds.ts';

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

  it.each([
    [0, 0.5],
    [1_000_000, 0.7],
  ])('takes the nearest entry outside the table: %i people', (people, expected) => {
    expect(thresholdForGallery(thresholds, people)).toBe(expected);
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

describe('galleryThresholdsProblem', () => {
  it.each<[string, unknown, string | null]>([
    ['a good table', thresholds, null],
    ['no list', 0.5, 'must be a list'],
    ['sizes that repeat', [thresholds[0], thresholds[0]], '1 after 1'],
    ['a size of zero', [{ people: 0, threshold: 0.5 }], '0 after 0'],
    ['a threshold above 1', [{ people: 1, threshold: 1.5 }], 'from -1 to 1'],
    ['a missing threshold', [{ people: 1 }], 'undefined'],
    ['null', [null], 'undefined after 0'],
  ])('judges %s', (_, value, problem) => {
    const found = galleryThresholdsProblem(value);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toContain(problem);
  });
});
