import { logisticProbability, MetricsError } from '@openset/metrics';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { calibrateProbabilities, mostAccurateThreshold, thresholdAtRate } from './calibration.ts';

const pairs = { cosines: [0.8, 0.6, 0.4, 0.2], isSame: [1, 1, 0, 0] };

it('finds the most accurate threshold, within the range of a cosine', () => {
  expect(mostAccurateThreshold(pairs)).toBeCloseTo(0.5);
  // The best threshold rejects all three pairs: it is above 1.
  expect(mostAccurateThreshold({ cosines: [1, 1, 0.5], isSame: [0, 0, 1] })).toBe(1);
  expect(() => mostAccurateThreshold({ cosines: [], isSame: [] })).toThrow(MetricsError);
});

it('finds the threshold of a false accept rate, or null', () => {
  const negatives = [0.1, 0.2, 0.3, 0.4];
  const found = thresholdAtRate(negatives, 0.25)!;
  expect(found.threshold).toBeCloseTo(0.3, 12);
  expect(found.interval.low).toBeLessThan(found.threshold);
  expect(found.differentNeeded).toBe(120);
  expect(thresholdAtRate(negatives, 0)!.differentNeeded).toBeNull();
  const all = thresholdAtRate(negatives, 1)!;
  expect([all.threshold, all.interval]).toEqual([-1, { low: -1, high: -1 }]);
  // Above the highest negative, which is nearly 1.
  expect(thresholdAtRate([0.5, 1 - 2 ** -53], 0)!.interval.high).toBe(1);
  expect(thresholdAtRate([0.1, 1], 0)).toBeNull();
});

it('fits probabilities', () => {
  const { slope, offset } = calibrateProbabilities(pairs)!;
  expect(slope).toBeLessThan(0);
  expect(-offset / slope).toBeCloseTo(0.5);
  expect(() => calibrateProbabilities({ cosines: [0.5], isSame: [1] })).toThrow(MetricsError);
});

it.each<[string, { cosines: number[]; isSame: number[] }]>([
  [
    'the pairs of the same person are the less alike',
    { cosines: [0.2, 0.4, 0.6, 0.8], isSame: [1, 1, 0, 0] },
  ],
  ['all cosines are equal', { cosines: [0.5, 0.5, 0.5], isSame: [1, 0, 0] }],
  ['both kinds have the same cosines', { cosines: [0.1, 0.9, 0.1, 0.9], isSame: [1, 1, 0, 0] }],
  // The best curve rises, but to 12 % for equal images: there are nine times as many pairs of different people.
  [
    'equal images would not be likely the same person',
    {
      cosines: [...Array(9).fill(0.5), ...Array(9).fill(0.6), 0.5, 0.61],
      isSame: [...Array(18).fill(0), 1, 1],
    },
  ],
])('fits no probabilities if %s', (_, pairs) => {
  expect(calibrateProbabilities(pairs)).toBeNull();
});

it('fits probabilities that rise, and reach one half for equal images, or none', () => {
  const pair = fc.tuple(fc.constantFrom(-1, 0, 0.3, 0.5, 0.9, 1), fc.boolean());
  const both = fc
    .array(pair, { minLength: 2, maxLength: 30 })
    .filter((pairs) => new Set(pairs.map(([, same]) => same)).size === 2);
  fc.assert(
    fc.property(both, (pairs) => {
      const cosines = pairs.map(([cosine]) => cosine);
      const curve = calibrateProbabilities({ cosines, isSame: pairs.map(([, same]) => same) });
      if (!curve) return;
      expect(logisticProbability(curve, 1)).toBeGreaterThanOrEqual(0.5);
      expect(logisticProbability(curve, 1)).toBeGreaterThan(logisticProbability(curve, -1));
    }),
  );
});
