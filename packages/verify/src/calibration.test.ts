import { logisticProbability, MetricsError } from '@openset/metrics';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { calibrateProbabilities } from './calibration.ts';

const pairs = { cosines: [0.8, 0.6, 0.4, 0.2], isSame: [1, 1, 0, 0] };

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
])('fits no probabilities if %s', (_, pairs) => {
  expect(calibrateProbabilities(pairs)).toBeNull();
});

it('gives both kinds half of the weight, whatever their counts', () => {
  const few = { cosines: [0.8, 0.6, 0.7, 0.4, 0.2], isSame: [1, 1, 0, 0, 0] };
  const many = Array.from({ length: 100 }, () => [0.7, 0.4, 0.2]).flat();
  const curve = (cosines: readonly number[]) => {
    const { slope, offset } = calibrateProbabilities({
      cosines,
      isSame: cosines.map((_, pair) => Number(pair < 2)),
    })!;
    return -offset / slope;
  };
  expect(curve([0.8, 0.6, ...many])).toBeCloseTo(curve(few.cosines), 9);
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
