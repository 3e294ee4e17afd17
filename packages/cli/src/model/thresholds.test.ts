import type { LearnedThreshold } from '@openset/core';
import {
  type DescribedModel,
  type ScoredPairs,
  selectGalleryThreshold,
  selectPairThreshold,
} from '@openset/verify';
import { describe, expect, it } from 'vitest';
import { chooseThreshold } from './thresholds.ts';

/** Pairs of so many people: two of each person, around 0.7, and one of each two people, around 0.3. */
function pairsOf(people: number): ScoredPairs {
  const cosines: number[] = [];
  const isSame: number[] = [];
  const persons: number[] = [];
  const add = (a: number, b: number, cosine: number) => {
    cosines.push(cosine + 0.25 * Math.sin(7 * cosines.length));
    isSame.push(a === b ? 1 : 0);
    persons.push(a, b);
  };
  for (let a = 0; a < people; a++) {
    add(a, a, 0.7);
    add(a, a, 0.7);
    for (let b = a + 1; b < people; b++) add(a, b, 0.3);
  }
  return { cosines, isSame, people: persons };
}

/** A learned threshold whose closed form for pairs is `closed`. */
const learnedFor = (closed: number): LearnedThreshold => ({
  cosine: closed + Math.log(99) / 32,
  between: 'embeddings',
  scale: 32,
  comparisons: 99,
});

const evenOdds = { kind: 'pair', odds: 1 };

describe('the threshold of a trained model', () => {
  it.each([learnedFor(0.5), learnedFor(0.9), null])(
    'is that of the curve of 20 people or more, whatever the learned one is: %j',
    (learned) => {
      const choice = chooseThreshold(learned, pairsOf(20))!;
      expect(choice).toMatchObject({
        thresholdSource: 'held-out',
        thresholdPeople: 20,
        question: evenOdds,
        learnedThreshold: learned,
      });
      expect(Math.abs(choice.threshold - 0.5)).toBeLessThan(0.02);
      expect(choice.thresholdInterval!.low).toBeLessThan(choice.threshold);
      expect(choice.thresholdInterval!.high).toBeGreaterThan(choice.threshold);
      expect(choice.calibration!.slope).toBeLessThan(0);
    },
  );

  it('is the closed form of the learned one if there are fewer people, and they do not contradict it', () => {
    for (const people of [4, 19]) {
      const choice = chooseThreshold(learnedFor(0.5), pairsOf(people))!;
      expect(choice).toMatchObject({ thresholdSource: 'closed-form', question: evenOdds });
      expect(choice.threshold).toBeCloseTo(0.5, 12);
      expect(choice.thresholdInterval).toBeUndefined();
      expect(choice.calibration).not.toBeNull();
    }
    const contradicted = chooseThreshold(learnedFor(0.8), pairsOf(19))!;
    expect(contradicted).toMatchObject({ thresholdSource: 'held-out', thresholdPeople: 19 });
    // Four people give no interval.
    expect(chooseThreshold(learnedFor(0.8), pairsOf(4))!.thresholdSource).toBe('closed-form');
  });

  it.each<[string, LearnedThreshold | null]>([
    ['none', null],
    ['between embedding and class', { ...learnedFor(0.5), between: 'embedding and class' }],
    ['without a closed form', { cosine: 0.5, between: 'embeddings' }],
    ['with a closed form that is no cosine', learnedFor(1.2)],
  ])('is that of the curve of few people if the learned one is %s', (_, learned) => {
    expect(chooseThreshold(learned, pairsOf(4))).toMatchObject({
      thresholdSource: 'held-out',
      thresholdPeople: 4,
    });
  });

  it('is the closed form without pairs, or the learned one if it has none', () => {
    expect(chooseThreshold(learnedFor(0.5), null)).toMatchObject({
      threshold: expect.closeTo(0.5, 12),
      thresholdSource: 'closed-form',
      calibration: null,
    });
    const plain = { cosine: 0.45, between: 'embeddings' } as const;
    expect(chooseThreshold(plain, null)).toMatchObject({
      threshold: 0.45,
      thresholdSource: 'learned',
      question: null,
    });
    expect(chooseThreshold({ ...plain, cosine: 1.1 }, null)).toBeNull();
    expect(chooseThreshold({ ...plain, between: 'embedding and class' }, null)).toBeNull();
    expect(chooseThreshold(null, null)).toBeNull();
  });

  it('states that pairs come from a file, and counts them if their people are unknown', () => {
    const { people: _, ...unknown } = pairsOf(12);
    expect(chooseThreshold(learnedFor(0.5), unknown, 'calibrated')).toMatchObject({
      thresholdSource: 'calibrated',
      thresholdPeople: null,
    });
    const { people: __, ...few } = pairsOf(8);
    expect(chooseThreshold(learnedFor(0.5), few, 'calibrated')!.thresholdSource).toBe('closed-form');
  });
});

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
