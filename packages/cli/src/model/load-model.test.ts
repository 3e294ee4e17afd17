import { expect, it } from 'vitest';
import { galleryThreshold, type LoadedModel } from './load-model.ts';

const calibrated: Pick<LoadedModel, 'description' | 'source'> = {
  description: {
    backbone: { backbone: 'small-cnn' },
    threshold: 0.3,
    thresholdSource: 'calibrated',
    learnedThreshold: { cosine: 0.6, between: 'embeddings' },
  },
  source: 'calibrated',
};

it.each<[string, Partial<LoadedModel['description']>, LoadedModel['source'], number, string]>([
  ['learned', {}, 'calibrated', 0.6, 'learned'],
  ['given', {}, 'given', 0.3, 'given'],
  ['calibrated to a rate', { falseAcceptRate: 0.001 }, 'calibrated', 0.3, 'calibrated'],
  [
    'the most right answers, where none is learned',
    { learnedThreshold: null },
    'calibrated',
    0.3,
    'calibrated',
  ],
  [
    'the most right answers, where another is learned',
    { learnedThreshold: { cosine: 0.6, between: 'embedding and class' } },
    'calibrated',
    0.3,
    'calibrated',
  ],
  [
    'the most right answers, where no cosine reaches the learned one',
    { learnedThreshold: { cosine: 1.2, between: 'embeddings' } },
    'calibrated',
    0.3,
    'calibrated',
  ],
])('one against many: %s', (_, own, source, threshold, expected) => {
  const description = { ...calibrated.description, ...own };
  expect(galleryThreshold({ description, source })).toEqual({ threshold, source: expected });
});
