import { expect, it } from 'vitest';
import {
  chooseThreshold,
  type DescribedModel,
  selectGalleryThreshold,
  selectPairThreshold,
} from './thresholds.ts';

/** Pairs whose best threshold is 0.5, between 0.4 and 0.6. */
const pairs = { cosines: [0.8, 0.6, 0.4, 0.2], isSame: [1, 1, 0, 0] };

it('chooses the learned threshold if it is about as good as the best one', () => {
  const learned = { cosine: 0.45, between: 'embeddings' } as const;
  const choice = chooseThreshold(learned, pairs);
  expect(choice).toMatchObject({ threshold: 0.45, thresholdSource: 'learned', learnedThreshold: learned });
  expect(choice!.calibration!.slope).toBeLessThan(0);
  expect(chooseThreshold(learned, null)).toMatchObject({ threshold: 0.45, calibration: null });
});

it.each([
  ['between embedding and class', { cosine: 0.45, between: 'embedding and class' }],
  ['worse than the best by a quarter of the pairs', { cosine: 0.7, between: 'embeddings' }],
  ['above 1', { cosine: 1.1, between: 'embeddings' }],
  ['none', null],
] as const)('chooses the best threshold on the pairs if the learned one is %s', (_, learned) => {
  const choice = chooseThreshold(learned, pairs);
  expect(choice).toMatchObject({ thresholdSource: 'calibrated', learnedThreshold: learned });
  expect(choice!.threshold).toBeCloseTo(0.5);
  if (learned?.cosine !== 0.7) expect(chooseThreshold(learned, null)).toBeNull();
});

const calibrated: DescribedModel = {
  description: {
    backbone: { backbone: 'small-cnn' },
    threshold: 0.3,
    thresholdSource: 'calibrated',
    question: { kind: 'pair', odds: 1 },
    learnedThreshold: { cosine: 0.6, between: 'embeddings', scale: 32, comparisons: 99 },
  },
  source: 'calibrated',
};

it.each<[string, Partial<DescribedModel['description']>, DescribedModel['source'], number, string]>([
  ['learned', {}, 'calibrated', 0.6, 'learned'],
  ['given', {}, 'given', 0.3, 'given'],
  ['calibrated to a rate', { falseAcceptRate: 0.001 }, 'calibrated', 0.3, 'calibrated'],
  ['for the best accuracy, none learned', { learnedThreshold: null }, 'calibrated', 0.3, 'calibrated'],
  [
    'for the best accuracy, another kind learned',
    { learnedThreshold: { cosine: 0.6, between: 'embedding and class' } },
    'calibrated',
    0.3,
    'calibrated',
  ],
  [
    'for the best accuracy, a learned one above all cosines',
    { learnedThreshold: { cosine: 1.2, between: 'embeddings' } },
    'calibrated',
    0.3,
    'calibrated',
  ],
])('selects the gallery threshold of a model with a threshold %s', (_, own, source, threshold, expected) => {
  const description = { ...calibrated.description, ...own };
  const odds = expected === 'learned' ? 1 / 99 : 1;
  const question = { kind: 'pair', odds };
  expect(selectGalleryThreshold({ description, source }, 8)).toEqual({
    threshold,
    source: expected,
    question,
  });
});

it('tells which question the threshold of a pair answers', () => {
  const { description } = calibrated;
  expect(selectPairThreshold(description).question).toEqual({ kind: 'pair', odds: 1 });
  expect(selectPairThreshold(description, 0.5).question).toBeNull();
  expect(selectPairThreshold(description, 'learned').question).toEqual({ kind: 'pair', odds: 1 / 99 });
  // An older model tells the number of people by its loss.
  const learnedThreshold = { cosine: 0.6, between: 'embeddings' } as const;
  const older = {
    ...description,
    falseAcceptRate: 0.01,
    loss: { loss: 'UssLoss', numClasses: 11 },
    learnedThreshold,
  };
  expect(selectPairThreshold(older, 'learned').question).toEqual({ kind: 'pair', odds: 1 / 10 });
});

it('selects the threshold for the size of the gallery if the model has one', () => {
  const galleryThresholds = [
    { people: 1, threshold: 0.4 },
    { people: 100, threshold: 0.8 },
  ];
  const description = { ...calibrated.description, galleryThresholds };
  const select = (people: number, changes: Partial<DescribedModel> = {}) =>
    selectGalleryThreshold({ description, source: 'calibrated', ...changes }, people);
  const found = select(10);
  expect(found.threshold).toBeCloseTo(0.6, 12);
  expect(found).toMatchObject({ source: 'calibrated', question: { kind: 'gallery', size: 10 } });
  expect(select(0)).toMatchObject({ threshold: 0.4, question: { kind: 'gallery', size: 1 } });
  // What the user chose decides.
  expect(select(10, { source: 'given' }).threshold).toBe(0.3);
  expect(select(10, { source: 'learned' }).threshold).toBe(0.6);
  expect(select(10, { description: { ...description, falseAcceptRate: 0.01 } }).threshold).toBe(0.3);
});
