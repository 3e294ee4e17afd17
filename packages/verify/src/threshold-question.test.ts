import { ConfigError, checkQuestion, type ThresholdQuestion } from '@openset/core';
import { expect, it } from 'vitest';
import { describeQuestion, impliedQuestion, learnedQuestion } from './threshold-question.ts';

const backbone = { backbone: 'TestBackbone' };

it.each<[ThresholdQuestion, string]>([
  [{ kind: 'pair', odds: 1 }, 'pairs of which half are the same person'],
  [{ kind: 'pair', odds: 1 / 981 }, 'pairs of which 1 in 982 is the same person'],
  [{ kind: 'pair', odds: 1 / 9999 }, 'pairs of which 1 in 10,000 is the same person'],
  [{ kind: 'pair', odds: 3 }, 'pairs of which 3 in 4 are the same person'],
  [{ kind: 'pair', odds: 0.7 }, 'pairs of which 41.2 % are the same person'],
  [{ kind: 'gallery', size: 982 }, 'one of 982 people'],
  [{ kind: 'gallery', size: 1 }, 'one person, or not'],
  [{ kind: 'gallery', size: 982, rate: 0.01 }, 'one of 982 people, at most 1 in 100 strangers accepted'],
  [{ kind: 'far', rate: 0.001 }, 'at most 1 in 1,000 strangers accepted'],
  [{ kind: 'far', rate: 1e-6 }, 'at most 1 in 1,000,000 strangers accepted'],
  [{ kind: 'far', rate: 0.03 }, 'at most 3 % of strangers accepted'],
  [{ kind: 'far', rate: 0 }, 'no stranger accepted'],
  [{ kind: 'far', rate: 1 }, 'everybody accepted'],
])('describes %j as: %s', (question, text) => {
  expect(describeQuestion(question)).toBe(text);
});

it.each([
  [{ kind: 'pair', odds: 0 }, 'above 0, but are 0'],
  [{ kind: 'pair', odds: Number.POSITIVE_INFINITY }, 'but are Infinity'],
  [{ kind: 'pair' }, 'but are undefined'],
  [{ kind: 'gallery', size: 0.5 }, 'whole number of people, at least 1, but has 0.5'],
  [{ kind: 'gallery', size: 2, rate: 0 }, 'a gallery must be above 0 and below 1, but is 0'],
  [{ kind: 'gallery', size: 2, rate: 1 }, 'but is 1'],
  [{ kind: 'gallery', size: 2, rate: null }, 'but is null'],
  [{ kind: 'far', rate: 1.1 }, 'from 0 to 1, but is 1.1'],
  [{ kind: 'far', rate: Number.NaN }, 'but is NaN'],
  [{ kind: 'door' }, "but is of the kind 'door'"],
  [7, "of the kind 'undefined'"],
])('rejects the question %j', (question, message) => {
  const check = () => checkQuestion(question as ThresholdQuestion);
  expect(check).toThrow(ConfigError);
  expect(check).toThrow(message);
});

it('accepts the ends of all ranges', () => {
  for (const rate of [0, 1]) checkQuestion({ kind: 'far', rate });
  checkQuestion({ kind: 'gallery', size: 1 });
  checkQuestion({ kind: 'pair', odds: Number.MIN_VALUE });
});

it('reads the question of a learned threshold from its comparisons', () => {
  const learned = { cosine: 0.4, between: 'embeddings', scale: 32, comparisons: 99 } as const;
  expect(learnedQuestion(learned)).toEqual({ kind: 'pair', odds: 1 / 99 });
  expect(learnedQuestion({ ...learned, comparisons: 0 })).toBeNull();
  expect(learnedQuestion({ cosine: 0.4, between: 'embeddings' })).toBeNull();
  expect(learnedQuestion(null)).toBeNull();
});

it('finds the question of a model file that does not state it', () => {
  const model = { backbone, threshold: 0.3 };
  expect(impliedQuestion({ ...model, thresholdSource: 'calibrated', falseAcceptRate: 0 })).toEqual({
    kind: 'far',
    rate: 0,
  });
  expect(impliedQuestion({ ...model, thresholdSource: 'calibrated' })).toEqual({ kind: 'pair', odds: 1 });
  const loss = { loss: 'UssLoss', numClasses: 101 };
  const learned = { ...model, thresholdSource: 'learned' } as const;
  expect(impliedQuestion({ ...learned, loss })).toEqual({ kind: 'pair', odds: 1 / 100 });
  const learnedThreshold = { cosine: 0.3, between: 'embeddings', scale: 32, comparisons: 50 } as const;
  expect(impliedQuestion({ ...learned, loss, learnedThreshold })).toEqual({ kind: 'pair', odds: 1 / 50 });
  for (const unknown of [undefined, { loss: 'UssLoss' }, { loss: 'UssLoss', numClasses: 1 }]) {
    expect(impliedQuestion({ ...learned, ...(unknown && { loss: unknown }) })).toBeNull();
  }
});
