import { expect, it } from 'vitest';
import { acrossFolds, measure } from './measure.ts';

// Fold 0 is separated anywhere between 0.4 and 0.6, fold 1 between 0.5 and 0.8: from fold 0 comes 0.5, which accepts the
// pair of fold 1 at 0.5 wrongly; from fold 1 comes 0.65, which rejects the pair of fold 0 at 0.6 wrongly.
const pairs = {
  cosines: Float64Array.of(0.9, 0.6, 0.4, 0.1, 0.5, 0.9, 0.2, 0.8),
  isSame: Uint8Array.of(1, 1, 0, 0, 0, 1, 0, 1),
  folds: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1),
};

it('takes the threshold from one fold and the accuracy from the other', () => {
  expect(acrossFolds(pairs)).toBe(0.75);
});

it('measures at the learned threshold, and bounds every estimate', () => {
  const result = measure(pairs, { cosine: 0.55, between: 'embeddings' });
  expect(result.accuracy.estimate).toBe(0.75);
  expect(result.accuracyAtLearned).toEqual({ estimate: 1, low: 1, high: 1 });
  // No false accepts are allowed of four pairs: accepted is what lies above 0.5, which is all.
  expect(result.tarAtFar).toEqual({ estimate: 1, low: 1, high: 1 });
  expect(result.accuracy.low).toBeLessThanOrEqual(0.75);
  expect(measure(pairs, null).accuracyAtLearned).toBeNull();
});
