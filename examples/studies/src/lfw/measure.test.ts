import { expect, it } from 'vitest';
import { crossFoldAccuracy, measure } from './measure.ts';

// Any threshold between 0.4 and 0.6 separates fold 0, and any between 0.5 and 0.8 fold 1. Fold 0 gives 0.5, which wrongly
// accepts the pair of fold 1 at 0.5. Fold 1 gives 0.65, which wrongly rejects the pair of fold 0 at 0.6.
const pairs = {
  cosines: Float64Array.of(0.9, 0.6, 0.4, 0.1, 0.5, 0.9, 0.2, 0.8),
  isSame: Uint8Array.of(1, 1, 0, 0, 0, 1, 0, 1),
  folds: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1),
};

it('measures accuracy on one fold at the threshold of the other', () => {
  expect(crossFoldAccuracy(pairs)).toBe(0.75);
});

it('measures at the learned threshold, and bounds every estimate', () => {
  const result = measure(pairs, { cosine: 0.55, between: 'embeddings' });
  expect(result.accuracy.estimate).toBe(0.75);
  expect(result.accuracyAtLearned).toEqual({ estimate: 1, low: 1, high: 1 });
  // Of four pairs no false accept is allowed: the threshold lies above 0.5, and accepts every same-person pair.
  expect(result.tarAtFar).toEqual({ estimate: 1, low: 1, high: 1 });
  expect(result.accuracy.low).toBeLessThanOrEqual(0.75);
  expect(measure(pairs, null).accuracyAtLearned).toBeNull();
});
