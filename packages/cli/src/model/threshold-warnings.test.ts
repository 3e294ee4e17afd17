import { expect, it } from 'vitest';
import { largePersonWarning, thresholdWarnings } from './threshold-warnings.ts';
import type { ThresholdChoice } from './thresholds.ts';

const sound: ThresholdChoice = {
  threshold: 0.5,
  thresholdSource: 'held-out',
  thresholdPeople: 40,
  question: { kind: 'pair', odds: 1 },
  learnedThreshold: { cosine: 0.6, between: 'embeddings', scale: 40, comparisons: Math.exp(4) },
};
const pairs = { cosines: [0.8, 0.7, 0.6, 0.4, 0.2, 0.1], isSame: [1, 1, 1, 0, 0, 0] };

it('has nothing to say about a threshold of many people that the learned bias confirms', () => {
  expect(thresholdWarnings(sound, pairs)).toEqual([]);
  expect(
    thresholdWarnings({ ...sound, thresholdSource: 'calibrated', thresholdPeople: null }, pairs),
  ).toEqual([]);
});

it.each<[string, Partial<ThresholdChoice>, typeof pairs | null, RegExp]>([
  [
    'a learned threshold above 1',
    { learnedThreshold: { cosine: 1.2, between: 'embeddings' } },
    pairs,
    /^the learned threshold 1\.200 is outside \(-1, 1\), so it accepts nobody\./,
  ],
  [
    'a learned threshold below -1',
    { learnedThreshold: { cosine: -1, between: 'embeddings' } },
    pairs,
    /-1\.000 is outside .* accepts everybody/,
  ],
  [
    'a closed form that loses a third',
    { learnedThreshold: { ...sound.learnedThreshold!, cosine: 0.75 } },
    pairs,
    /^the learned bias is off: its closed form for pairs, 0\.650, loses 16\.7 % of accuracy against 0\.500 on all 6 pairs outside/,
  ],
  [
    'few people',
    { thresholdPeople: 12 },
    pairs,
    /^only 12 people were held out: the threshold may lose 2\.7 points\./,
  ],
  [
    'one person',
    { thresholdPeople: 1 },
    pairs,
    /^only 1 person was held out: the threshold may lose more than 6 points\./,
  ],
  [
    'a closed form',
    { thresholdSource: 'closed-form' },
    null,
    /^fewer than 20 people outside training: the threshold is computed/,
  ],
  [
    'collapsed embeddings',
    {},
    { cosines: [0.99, 0.97, 0.95, 0.93, 0.2], isSame: [1, 0, 0, 0, 0] },
    /^the embeddings have collapsed: half of the pairs of different people have a cosine above 0\.950\./,
  ],
])('names %s', (_, own, given, message) => {
  const warnings = thresholdWarnings({ ...sound, ...own }, given);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(message);
  expect(warnings[0]).not.toContain('\n');
});

it('names a person with more than a tenth of the images, and far more than the others', () => {
  const names = Array.from({ length: 40 }, (_, person) => `person-${person}`);
  const labels = Int32Array.from([
    ...Array(234).fill(3),
    ...Array.from({ length: 382 }, (_, row) => row % 40),
  ]);
  expect(largePersonWarning(names, labels, 50)).toBe(
    "'person-3' has 244 images of 616 (40 %): an epoch uses 50 of them.",
  );
  expect(largePersonWarning(names, labels, null)).toMatch(
    /: all of them in each epoch; --max-images-per-person/,
  );
  // Of four people with as many images, each has a quarter.
  const even = Int32Array.from({ length: 40 }, (_, row) => row % 4);
  expect(largePersonWarning(names.slice(0, 4), even, 50)).toBeNull();
  expect(
    largePersonWarning(
      names,
      Int32Array.from({ length: 400 }, (_, row) => row % 40),
      50,
    ),
  ).toBeNull();
});
