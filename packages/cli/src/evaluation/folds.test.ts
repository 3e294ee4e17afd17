import { exactKFoldVerification } from '@openset/metrics';
import { expect, it } from 'vitest';
import { accuracyAcrossFolds, assignFolds } from './folds.ts';

it('keeps the folds of the set, or makes ten equal parts or fewer', () => {
  const own = Int32Array.of(0, 0, 1, 1);
  expect(assignFolds(4, own)).toBe(own);
  expect([...assignFolds(20, null)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
  expect(new Set(assignFolds(6000, null)).size).toBe(10);
  // A single fold counts as none.
  expect([...assignFolds(4, new Int32Array(4))]).toEqual([0, 0, 1, 1]);
});

it('takes the threshold of each fold from the others', () => {
  // The best threshold of fold 0 is 0.5, of fold 1 it is 0.1. Each fold is measured at the other's.
  const pairs = {
    cosines: Float64Array.of(0.6, 0.4, 0.2, 0),
    isSame: Uint8Array.of(1, 0, 1, 0),
    folds: Int32Array.of(0, 0, 1, 1),
  };
  expect(accuracyAcrossFolds(pairs).foldAccuracies).toEqual([0.5, 0.5]);
});

it('agrees with the metrics package on consecutive folds', () => {
  const isSame = Uint8Array.from({ length: 400 }, (_, pair) => (pair + 1) % 2);
  const cosines = Float64Array.from(isSame, (same, pair) => 0.4 * same + 0.5 * Math.sin(pair * 12.9898));
  const { foldAccuracies: expected } = exactKFoldVerification(cosines, isSame, { folds: 10 });
  const found = accuracyAcrossFolds({ cosines, isSame, folds: assignFolds(400, null) });
  expect(found.foldAccuracies).toEqual(expected);
});
