import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairs, unzipPairs } from './__fixtures__/arbitraries.ts';
import references from './__fixtures__/metrics.json';
import {
  accuracyAt,
  bestAccuracy,
  exactKFoldVerification,
  kFoldVerification,
  MetricsError,
  pairSimilarities,
} from './index.ts';

describe('exactKFoldVerification', () => {
  it('takes the middle of the best interval of the other folds', () => {
    // Second half: negatives 0.5, positives 1, so (0.5, 1]; first half: (0.25, 0.75].
    const result = exactKFoldVerification([0.75, 0.25, 1, 0.5], [1, 0, 1, 0], { folds: 2 });
    expect(result.foldThresholds).toEqual([0.75, 0.5]);
    // A similarity equal to the threshold is accepted: 0.75 correctly, 0.5 wrongly.
    expect(result.foldAccuracies).toEqual([1, 0.5]);
    expect(result.accuracy).toBe(0.75);
    expect(result.standardDeviation).toBe(0.25);
  });

  it('separates what the grid cannot', () => {
    // Squared distances 0.002 and 0.006 lie between two thresholds of the grid.
    const similarities = Array.from({ length: 20 }, (_, pair) => (pair % 2 === 0 ? 0.999 : 0.997));
    const isSame = similarities.map((_, pair) => pair % 2 === 0);
    expect(exactKFoldVerification(similarities, isSame).accuracy).toBe(1);
    expect(kFoldVerification(similarities, isSame).accuracy).toBe(0.5);
  });

  it('is near the grid if the grid is fine enough', () => {
    const { embeddings, embeddingSize, isSame, pairs } = references.verification[0]!;
    const rows = Uint32Array.from({ length: 2 * pairs }, (_, row) => row);
    const similarities = pairSimilarities(embeddings, embeddingSize, rows);
    const difference =
      exactKFoldVerification(similarities, isSame).accuracy -
      kFoldVerification(similarities, isSame).accuracy;
    expect(Math.abs(difference)).toBeLessThan(0.03);
  });

  it('equals bestAccuracy on the other folds and accuracyAt on the fold', () => {
    const many = pairs.filter((list) => list.length >= 4);
    fc.assert(
      fc.property(many, fc.integer({ min: 2, max: 4 }), (list, folds) => {
        const result = exactKFoldVerification(...unzipPairs(list), { folds });
        let start = 0;
        for (let fold = 0; fold < folds; fold++) {
          const length = Math.floor(list.length / folds) + (fold < list.length % folds ? 1 : 0);
          const inFold = list.slice(start, start + length);
          const others = list.filter((_, pair) => pair < start || pair >= start + length);
          const { threshold } = bestAccuracy(...unzipPairs(others));
          expect(result.foldThresholds[fold]).toBe(threshold);
          expect(result.foldAccuracies[fold]).toBe(accuracyAt(...unzipPairs(inFold), threshold).accuracy);
          start += length;
        }
      }),
    );
  });

  it('accepts the fold of each pair, in any order', () => {
    // Fold 7 is best cut at 0.5, fold 3 at 0.1: each is judged by the cut of the other.
    const result = exactKFoldVerification([0.6, 0.2, 0.4, 0], [1, 1, 0, 0], { folds: [7, 3, 7, 3] });
    expect(result.foldAccuracies).toEqual([0.5, 0.5]);
    expect(result.foldThresholds).toEqual([0.1, 0.5]);
    const consecutive = exactKFoldVerification([0.6, 0.4, 0.2, 0], [1, 0, 1, 0], { folds: 2 });
    expect(result).toEqual(consecutive);
  });

  it('rejects invalid input', () => {
    expect(() => exactKFoldVerification([0.5, 0.5], [1, 0], { folds: [1, 1] })).toThrow(
      /all pairs are in one fold/,
    );
    expect(() => exactKFoldVerification([0.5, 0.5], [1, 0], { folds: [1] })).toThrow(/folds has 1 element,/);
    expect(() => exactKFoldVerification([0.5, 0.5], [1, 0])).toThrow(/cannot split 2 pairs into 10 folds/);
    expect(() => exactKFoldVerification([0.5, 0.5], [1, 2], { folds: 2 })).toThrow(/isSame\[1\] is 2/);
    expect(() => exactKFoldVerification([0.5, Number.NaN, 1], [1, 0, 1], { folds: 2 })).toThrow(MetricsError);
  });
});
