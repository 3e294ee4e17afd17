import { ConfigError, DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { operatingPoints } from './operating-points.ts';

const thresholds = [
  {
    people: 10,
    threshold: 0.5,
    rates: [
      { falseAlarms: 0.1, threshold: 0.4, missed: 0.1 },
      { falseAlarms: 0.01, threshold: 0.5, missed: 0.2 },
      { falseAlarms: 0.001, threshold: 0.6, missed: 0.3 },
    ],
  },
  {
    people: 1000,
    threshold: 0.7,
    rates: [
      { falseAlarms: 0.1, threshold: 0.6, missed: 0.3 },
      { falseAlarms: 0.01, threshold: 0.7, missed: 0.3 },
    ],
  },
];
const near = (value: number) => expect.closeTo(value, 12);

describe('operatingPoints', () => {
  it('returns the rates of an entry at its size, and those of the smallest one below it', () => {
    const points = thresholds[0]!.rates.map((rate) => ({ ...rate, isExtrapolated: false }));
    expect(operatingPoints(thresholds, 10)).toEqual(points);
    expect(operatingPoints(thresholds, 0)).toEqual(points);
  });

  it('is linear in the logarithm of the size, and leaves out a rate that was not estimated for so many people', () => {
    expect(operatingPoints(thresholds, 100)).toEqual([
      { falseAlarms: 0.1, threshold: near(0.5), missed: near(0.2), isExtrapolated: false },
      { falseAlarms: 0.01, threshold: near(0.6), missed: near(0.25), isExtrapolated: false },
    ]);
  });

  it('continues the line beyond the largest size, without falling and up to 1', () => {
    expect(operatingPoints(thresholds, 100_000)).toEqual([
      { falseAlarms: 0.1, threshold: near(0.8), missed: near(0.5), isExtrapolated: true },
      { falseAlarms: 0.01, threshold: near(0.9), missed: near(0.4), isExtrapolated: true },
    ]);
    expect(operatingPoints(thresholds, 1e12)[0]).toMatchObject({ threshold: 1, missed: 1 });
    const falling = [
      { people: 1, threshold: 0.5, rates: [{ falseAlarms: 0.1, threshold: 0.4, missed: 0.3 }] },
      { people: 10, threshold: 0.5, rates: [{ falseAlarms: 0.1, threshold: 0.35, missed: 0.2 }] },
    ];
    expect(operatingPoints(falling, 1000)).toEqual([
      { falseAlarms: 0.1, threshold: 0.35, missed: 0.2, isExtrapolated: true },
    ]);
  });

  it('knows none for models without rates', () => {
    expect(operatingPoints([{ people: 1, threshold: 0.5 }], 5)).toEqual([]);
    expect(operatingPoints([], 5)).toEqual([]);
    expect(operatingPoints(null, 5)).toEqual([]);
    expect(operatingPoints(undefined, 5)).toEqual([]);
  });

  it('rejects sizes that are no count, and damaged entries', () => {
    expect(() => operatingPoints(thresholds, 1.5)).toThrow(ConfigError);
    expect(() => operatingPoints(thresholds, -1)).toThrow('people');
    expect(() => operatingPoints([...thresholds].reverse(), 10)).toThrow(DataError);
    const damaged = [{ people: 1, threshold: 0.5, rates: [{ falseAlarms: 0.1, threshold: 2, missed: 0 }] }];
    expect(() => operatingPoints(damaged, 10)).toThrow(DataError);
  });
});
