import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import {
  betweenEmbeddings,
  type DescribedModel,
  selectGalleryThreshold,
  selectPairThreshold,
} from './deciding-threshold.ts';

const evenOdds = { kind: 'pair', odds: 1 };

const calibrated: DescribedModel = {
  description: {
    backbone: { backbone: 'small-cnn' },
    threshold: 0.3,
    thresholdSource: 'calibrated',
    question: { kind: 'pair', odds: 1 },
    learnedThreshold: { cosine: 0.6, between: 'embeddings', scale: 32, comparisons: 99 },
    // One half at 0.3.
    calibration: { slope: -20, offset: 6 },
  },
  source: 'calibrated',
};

describe('the threshold of a gallery of 100 people', () => {
  const gallery = { kind: 'gallery', size: 100 };
  const fallingCurve = { calibration: { slope: 1, offset: 0 } };
  const onCurve = 0.3 + Math.log(100) / 20;
  const galleryThresholds = [
    { people: 10, threshold: 0.4 },
    { people: 1000, threshold: 0.6 },
  ];

  it.each<[string, Partial<DescribedModel['description']>, DescribedModel['source'], number, unknown]>([
    ['a calibration on pairs', {}, 'calibrated', onCurve, gallery],
    ['held-out people', { galleryThresholds }, 'held-out', 0.5, gallery],
    ['a closed form', { galleryThresholds: null }, 'closed-form', 0.6 + Math.log(100 / 99) / 32, gallery],
    ['nothing', { calibration: null, learnedThreshold: null }, 'calibrated', 0.3, evenOdds],
    ['a curve that falls', { ...fallingCurve, learnedThreshold: null }, 'calibrated', 0.3, evenOdds],
    ['a given threshold', { galleryThresholds, question: null }, 'given', 0.3, null],
    [
      'the learned threshold',
      { galleryThresholds, threshold: 0.6 },
      'learned',
      0.6,
      { kind: 'pair', odds: 1 / 99 },
    ],
    ['a false accept rate', { falseAcceptRate: 0.001, galleryThresholds }, 'calibrated', 0.3, evenOdds],
    [
      'a gallery of a chosen size',
      { question: { kind: 'gallery', size: 7 }, galleryThresholds },
      'calibrated',
      0.3,
      { kind: 'gallery', size: 7 },
    ],
  ])('with %s', (_, own, source, threshold, question) => {
    const description = { ...calibrated.description, ...own };
    const { search, ...found } = selectGalleryThreshold({ description, source }, 100);
    expect(found).toEqual({ threshold: expect.closeTo(threshold, 12), source, question });
    // Only held-out people say more about searches.
    if (source === 'held-out') expect(search).toMatchObject({ people: 100, isExtrapolated: false });
    else expect(search).toBeNull();
  });

  it('is the learned one, or its closed form, without a curve', () => {
    const { description, source } = calibrated;
    const falling = { ...description, ...fallingCurve };
    expect(selectGalleryThreshold({ description: falling, source }, 100)).toMatchObject({
      threshold: expect.closeTo(0.6 + Math.log(100 / 99) / 32, 12),
      source: 'closed-form',
    });
    const plain = { ...falling, learnedThreshold: { cosine: 0.6, between: 'embeddings' } as const };
    expect(selectGalleryThreshold({ description: plain, source }, 100)).toMatchObject({
      threshold: 0.6,
      source: 'learned',
    });
  });

  it('counts an empty gallery as one person', () => {
    expect(selectGalleryThreshold(calibrated, 0)).toMatchObject({
      threshold: expect.closeTo(0.3, 12),
      question: { kind: 'gallery', size: 1 },
    });
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

it('is the given threshold of a pair, the learned one, or that of the model', () => {
  const { description } = calibrated;
  expect(selectPairThreshold(description)).toMatchObject({ threshold: 0.3, source: 'calibrated' });
  expect(selectPairThreshold(description, 0.5)).toEqual({ threshold: 0.5, source: 'given', question: null });
  expect(selectPairThreshold(description, 'learned')).toMatchObject({ threshold: 0.6, source: 'learned' });
  const between = 'embedding and class' as const;
  for (const learnedThreshold of [null, undefined, { cosine: 0.6, between }]) {
    const without = { ...description, learnedThreshold } as typeof description;
    expect(() => selectPairThreshold(without, 'learned')).toThrow(DataError);
    expect(betweenEmbeddings(learnedThreshold)).toBeNull();
  }
});
