import { MetricsError } from '@openset/metrics';
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
  expect(thresholdAtRate(negatives, 1)!.threshold).toBe(-1);
  expect(thresholdAtRate([0.1, 1], 0)).toBeNull();
});

it('fits probabilities', () => {
  const { slope, offset } = calibrateProbabilities(pairs);
  expect(slope).toBeLessThan(0);
  expect(-offset / slope).toBeCloseTo(0.5);
  expect(() => calibrateProbabilities({ cosines: [0.5], isSame: [1] })).toThrow(MetricsError);
});
