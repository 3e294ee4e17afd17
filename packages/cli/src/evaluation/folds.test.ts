import { exactKFoldVerification } from '@openset/metrics';
import { expect, it } from 'vitest';
import { accuracyAcrossFolds, foldsOf } from './folds.ts';

it('keeps the folds of the set, and cuts others into ten equal parts, or fewer', () => {
  const own = Int32Array.of(0, 0, 1, 1);
  expect(foldsOf(4, own)).toBe(own);
  expect([...foldsOf(20, null)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
  expect(new Set(foldsOf(6000, null)).size).toBe(10);
  // One fold is none.
  expect([...foldsOf(4, new Int32Array(4))]).toEqual([0, 0, 1, 1]);
});

it('takes the threshold of each fold from the others', () => {
  // Fold 0 is best cut at 0.5, fold 1 at 0.1: each is judged by the cut of the other.
  const pairs = {
    cosines: Float64Array.of(0.6, 0.4, 0.2, 0),
    isSame: Uint8Array.of(1, 0, 1, 0),
    folds: Int32Array.of(0, 0, 1, 1),
  };
  expect(accuracyAcrossFolds(pairs).foldAccuracies).toEqual([0.5, 0.5]);
});

it('agrees with the metrics package where folds are consecutive', () => {
  const isSame = Uint8Array.from({ length: 400 }, (_, pair) => (pair + 1) % 2);
  const cosines = Float64Array.from(isSame, (same, pair) => 0.4 * same + 0.5 * Math.sin(pair * 12.9898));
  const { foldAccuracies: expected } = exactKFoldVerification(cosines, isSame, { folds: 10 });
  const found = accuracyAcrossFolds({ cosines, isSame, folds: foldsOf(400, null) });
  expect(found.foldAccuracies).toEqual(expected);
});
