import { randomNumbers } from '@openset/core';
import { gallerySearch, operatingPoints } from '@openset/verify';
import { describe, expect, it } from 'vitest';
import {
  estimateSearches,
  falseAlarmsText,
  searchWarnings,
  storedThreshold,
  trainedSearchWarnings,
} from './gallery-thresholds.ts';

/** Embeddings of so many people, two images each. */
function embeddingsOf(people: number, noise: number) {
  const random = randomNumbers(4);
  const size = 16;
  const draw = () => Array.from({ length: size }, () => random() - 0.5);
  const rows = Array.from({ length: people }, draw).flatMap((centre) =>
    [0, 1].map(() => draw().map((value, index) => centre[index]! + noise * value)),
  );
  const values = Float32Array.from(rows.flat());
  const row = (index: number) => values.subarray(size * index, size * (index + 1));
  return { values, size, row };
}

const labelsOf = (people: number) => Array.from({ length: 2 * people }, (_, row) => row >> 1);

it('grows with the gallery, and needs 20 people with two images', () => {
  const found = estimateSearches(embeddingsOf(40, 0.5), labelsOf(40), { also: 30 })!;
  expect(found.map(({ people }) => people).slice(0, 4)).toEqual([1, 10, 30, 100]);
  for (const [index, { threshold, on, curve, falseAlarms, falseAlarmsBound }] of found.entries()) {
    expect(Math.abs(threshold)).toBeLessThanOrEqual(1);
    expect(on).toBe(40);
    expect(curve!.slope).toBeLessThan(0);
    expect(falseAlarmsBound).toBeGreaterThanOrEqual(falseAlarms);
    if (index > 0) expect(threshold).toBeGreaterThanOrEqual(found[index - 1]!.threshold);
  }
  expect(found[3]!.threshold - found[0]!.threshold).toBeGreaterThan(0.05);
  expect(estimateSearches(embeddingsOf(19, 0.5), labelsOf(19))).toBeNull();
  const single = Array.from({ length: 80 }, (_, row) => row);
  expect(estimateSearches(embeddingsOf(40, 0.5), single)).toBeNull();
});

it('keeps a rate of false alarms for every size in reach', () => {
  const promised = estimateSearches(embeddingsOf(40, 0.5), labelsOf(40), { falseAlarmRate: 0.01 })!;
  const usual = estimateSearches(embeddingsOf(40, 0.5), labelsOf(40))!;
  for (const [index, { falseAlarms, threshold, curve }] of promised.entries()) {
    expect(falseAlarms).toBeCloseTo(0.01, 6);
    const asFewErrors = usual[index]!;
    expect(threshold > asFewErrors.threshold).toBe(asFewErrors.falseAlarms > 0.01);
    expect(curve).toEqual(asFewErrors.curve);
  }
  // All images of everybody are equal: no cosine tells a stranger.
  const values = new Float32Array(16 * 80).fill(0.25);
  const equal = { values, size: 16, row: (index: number) => values.subarray(16 * index, 16 * (index + 1)) };
  expect(estimateSearches(equal, labelsOf(40), { falseAlarmRate: 0.01 })).toBeNull();
});

it('stores what a model file carries', () => {
  const [first] = estimateSearches(embeddingsOf(25, 0.5), labelsOf(25))!;
  const stored = storedThreshold(first!);
  expect(gallerySearch([stored], 1)).toMatchObject({
    threshold: first!.threshold,
    calibration: first!.curve,
  });
  expect(stored).not.toHaveProperty('interval');
});

it('estimates other rates of false alarms on the same people, as far as they support them', () => {
  const found = estimateSearches(embeddingsOf(40, 0.5), labelsOf(40), { falseAlarmRate: 0.05 })!;
  const byPeople = new Map(found.map(({ people, rates }) => [people, rates]));
  // 780 pairs of people: 0.3 % of them are 2.3, 0.1 % are 0.8; in a gallery of 10, 1 % are 0.8.
  expect(byPeople.get(1)!.map(({ falseAlarms }) => falseAlarms)).toEqual([0.1, 0.03, 0.01, 0.003]);
  expect(byPeople.get(10)!.map(({ falseAlarms }) => falseAlarms)).toEqual([0.1, 0.03]);
  expect(byPeople.get(1000)).toEqual([]);
  const stored = found.map(storedThreshold);
  const [ten] = operatingPoints(stored, 10);
  expect(ten).toEqual({ ...byPeople.get(10)![0], isExtrapolated: false });
  expect(ten!.missed).toBeGreaterThan(0);
  expect(ten!.missed).toBeLessThan(1);
  // Between 3 % and 10 %.
  expect(found[1]!.threshold).toBeGreaterThan(ten!.threshold);
  expect(found[1]!.threshold).toBeLessThan(byPeople.get(10)![1]!.threshold);
});

const search = {
  people: 100,
  on: 33,
  threshold: 0.5,
  interval: { low: 0.45, high: 0.55 },
  falseAlarms: 0.1,
  falseAlarmsBound: 0.25,
  curve: null,
  peopleNeeded: 58,
  isBeyondData: false,
  rates: [],
};

describe('searchWarnings', () => {
  it('says how many people are needed if the share of false alarms may be much higher', () => {
    expect(searchWarnings(search)).toEqual([
      'in a gallery of 100 people, 25.0 % of strangers may be taken for somebody, not 10.0 %: 33 people are few. ' +
        'With 58 people, it is at most about 20.0 %',
    ]);
    expect(searchWarnings({ ...search, falseAlarmsBound: 0.19, peopleNeeded: 29 })).toEqual([]);
    expect(searchWarnings({ ...search, falseAlarmsBound: null, peopleNeeded: null })).toEqual([]);
  });

  it('says that a gallery is beyond the data', () => {
    const [warning] = searchWarnings({ ...search, falseAlarmsBound: 0.12, isBeyondData: true });
    expect(warning).toMatch(/^a gallery of 100 people is beyond what 33 people can show/);
  });
});

it('warns after a training about a gallery of 100 people, and about sizes beyond the data', () => {
  const large = { ...search, people: 10_000, isBeyondData: true };
  const warnings = trainedSearchWarnings([{ ...search, people: 10, falseAlarmsBound: 0.11 }, search, large]);
  expect(warnings).toEqual([
    ...searchWarnings(search),
    'galleries of 10,000 people or more are beyond what 33 people held out can show: their thresholds are extrapolated',
  ]);
  expect(trainedSearchWarnings(null)).toEqual([]);
});

it('describes a share of false alarms', () => {
  expect(falseAlarmsText(0.099, 0.221)).toBe('9.9 % of strangers, up to 22.1 % with other people');
  expect(falseAlarmsText(0.0012, null)).toBe('0.12 % of strangers');
});
