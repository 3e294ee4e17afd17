import { describe, expect, it } from 'vitest';
import references from './__fixtures__/metrics.json';
import similarityReference from './__fixtures__/similarities.json';
import {
  areaUnderCurve,
  cosineSimilarities,
  equalErrorRate,
  kFoldVerification,
  operatingPoint,
  pairSimilarities,
  rocCurve,
  tarAtFar,
} from './index.ts';

const embeddingCases = references.verification.map((reference) => {
  const { pairs, embeddingSize, isSame, expected } = reference;
  const rows = Uint32Array.from({ length: 2 * pairs }, (_, row) => row);
  const embeddings = new Float32Array(reference.embeddings);
  return { pairs, similarities: pairSimilarities(embeddings, embeddingSize, rows), isSame, expected };
});
const cases = [...embeddingCases, similarityReference];

describe.each(cases)('the reference with $pairs pairs', ({ similarities, isSame, expected }) => {
  it('has the same folds', () => {
    const result = kFoldVerification(similarities, isSame);
    expect(result.foldAccuracies).toEqual(expected.foldAccuracies);
    expect(result.accuracy).toBeCloseTo(expected.accuracyMean, 12);
    expect(result.standardDeviation).toBeCloseTo(expected.accuracyStd, 12);
  });

  it('has the same area and equal error rate', () => {
    expect(Math.abs(areaUnderCurve(similarities, isSame) - expected.auc)).toBeLessThan(1e-12);
    expect(equalErrorRate(similarities, isSame).rate).toBeCloseTo(expected.eer, 12);
  });

  it('has the same TAR at each FAR by both rules', () => {
    const curve = rocCurve(similarities, isSame);
    for (const [far, tar] of Object.entries(expected.tarAtFarConservative)) {
      expect(tarAtFar(similarities, isSame, Number(far)).tar).toBe(tar);
      expect(operatingPoint(curve, Number(far), { rule: 'conservative' }).tar).toBe(tar);
    }
    for (const [far, tar] of Object.entries(expected.tarAtFarNearestPoint)) {
      expect(tarAtFar(similarities, isSame, Number(far), { rule: 'nearest' }).tar).toBe(tar);
    }
  });
});

it('gives the same cosines for rows of two matrices and of one', () => {
  for (const { pairs, embeddingSize, embeddings } of references.verification) {
    const even: number[] = [];
    const odd: number[] = [];
    for (let row = 0; row < 2 * pairs; row++) {
      const values = embeddings.slice(row * embeddingSize, (row + 1) * embeddingSize);
      (row % 2 === 0 ? even : odd).push(...values);
    }
    const rows = Uint32Array.from({ length: 2 * pairs }, (_, row) => row);
    expect(cosineSimilarities(even, odd, embeddingSize)).toEqual(
      pairSimilarities(embeddings, embeddingSize, rows),
    );
  }
});
