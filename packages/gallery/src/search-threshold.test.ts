import type { ModelDescription } from '@openset/verify';
import { expect, it } from 'vitest';
import { selectSearchThreshold } from './search-threshold.ts';

const galleryThresholds = [
  { people: 1, threshold: 0.4 },
  { people: 100, threshold: 0.6 },
];
const description: ModelDescription = {
  backbone: {} as never,
  threshold: 0.3,
  thresholdSource: 'calibrated',
  galleryThresholds,
  question: { kind: 'pair', odds: 1 },
};
const model = { description, source: 'calibrated' } as const;
const point = { threshold: 0.7, question: { kind: 'gallery', size: 9, rate: 0.01 } } as const;

it("is the model's for the size of a gallery without an operating point", () => {
  const found = selectSearchThreshold(model, { operatingPoint: null }, 10);
  expect(found).toMatchObject({ threshold: expect.closeTo(0.5, 6), source: 'calibrated' });
});

it('is the operating point of the gallery, with its question', () => {
  expect(selectSearchThreshold(model, { operatingPoint: point }, 10)).toEqual({
    ...point,
    source: 'gallery',
    search: null,
  });
});
