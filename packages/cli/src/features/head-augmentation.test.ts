import { expect, it } from 'vitest';
import { featureVariants, flipProbability, onlyMirrors } from './head-augmentation.ts';

const flip = { kind: 'horizontal-flip' } as const;
const pad = { kind: 'pad-crop', padding: 2 } as const;

it.each([
  [[], 0, 1],
  [[flip], 0.5, 2],
  [[{ ...flip, probability: 0.2 }], 0.2, 2],
  [[{ ...flip, probability: 0 }, pad], 0, 1],
  // Of two flips, one alone mirrors: 0.8 · 0.1 + 0.2 · 0.9.
  [
    [
      { ...flip, probability: 0.2 },
      { ...flip, probability: 0.1 },
    ],
    0.26,
    2,
  ],
])('%j mirrors with probability %d', (augment, probability, variants) => {
  expect(flipProbability({ augment })).toBeCloseTo(probability, 12);
  expect(featureVariants({ augment })).toBe(variants);
});

it('features stand for images that are only mirrored', () => {
  expect(onlyMirrors({ augment: [flip] })).toBe(true);
  expect(onlyMirrors({ augment: [] })).toBe(true);
  expect(onlyMirrors({ augment: [flip, pad] })).toBe(false);
});
