import { expect, it } from 'vitest';
import { statedThreshold, thresholdRows } from './threshold-rows.ts';

const description = {
  backbone: { backbone: 'small-cnn' },
  threshold: 0.2994,
  thresholdSource: 'held-out',
  question: { kind: 'pair', odds: 1 },
  thresholdInterval: { low: 0.281, high: 0.3156 },
} as const;

it('states a threshold with its interval, its origin and its question', () => {
  expect(thresholdRows(statedThreshold(description))).toEqual([
    ['threshold', '0.299 (0.281 to 0.316), held-out'],
    ['threshold for', 'pairs of which half are the same person'],
  ]);
});

it('states what is known of a threshold that was given', () => {
  const given = statedThreshold({ ...description, question: null, thresholdInterval: null }, 'given');
  expect(thresholdRows(given, 4)).toEqual([['threshold', '0.2994, given']]);
});
