import type { LearnedThreshold } from '@openset/core';
import type { ScoredPairs } from '@openset/verify';
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
