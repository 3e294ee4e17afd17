import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelledRows } from './__fixtures__/arbitraries.ts';
import { MetricsError, megaFaceProtocol, plainBlockProduct, tarAtFar, unitRows } from './index.ts';

describe('megaFaceProtocol', () => {
  it('agrees with a hand-worked example', () => {
    // Probes (1, 0), (0.8, 0.6) of one person, (0, 1) of another; distractors (0.6, 0.8), (-1, 0), (1, 0).
    // The pair scores 0.8. Searching with (1, 0): distractors 0.6, -1, 1, rank 2. With (0.8, 0.6): 0.96, -0.8, 0.8;
    // the tie counts against the mate: rank 3.
    const test = {
      probes: [1, 0, 4, 3, 0, 1],
      probeLabels: [5, 5, 6],
      distractors: [3, 4, -1, 0, 2, 0],
      size: 2,
    };
    const result = megaFaceProtocol({ ...test, ranks: [1, 2, 3], fars: [0, 0.5] });
    expect(result.rankAccuracies).toEqual([0, 0.5, 1]);
    expect(result.tries).toBe(2);
    // Negatives: 0.6, -1, 1; 0.96, -0.8, 0.8; 0.8, 0, 0. At 0.8 four of nine are accepted.
    expect(result.positives).toBe(1);
    expect(result.negatives).toBe(9);
    expect(result.points).toEqual([
      { tar: 0, far: 0, threshold: Number.POSITIVE_INFINITY },
      { tar: 1, far: 4 / 9, threshold: Math.fround(0.8) },
    ]);
  });

  it.each([2 ** 24, 0])('equals a direct implementation of the definition, with memory %i', (memory) => {
    const crowd = labelledRows(2, { minLength: 1, maxLength: 8 });
    const fars = [0, 0.1, 0.5, 1];
    fc.assert(
      fc.property(labelledRows(2), crowd, fc.integer({ min: 1, max: 9 }), (probes, others, blockRows) => {
        const { labels } = probes;
        const [a, b] = [unitRows(probes.embeddings, 2), unitRows(others.embeddings, 2)];
        const own = plainBlockProduct(a, a, labels.length, labels.length, 2);
        const count = others.labels.length;
        const wrong = plainBlockProduct(a, b, labels.length, count, 2);
        const ranks: number[] = [];
        const positives: number[] = [];
        labels.forEach((label, i) => {
          labels.forEach((other, j) => {
            if (i === j || label !== other) return;
            // The product of i and j, not of j and i: another order of the sum may round differently.
            const score = own[Math.min(i, j) * labels.length + Math.max(i, j)]!;
            if (i < j) positives.push(score);
            ranks.push(1 + wrong.slice(i * count, (i + 1) * count).filter((value) => value >= score).length);
          });
        });
        fc.pre(ranks.length > 0);
        const result = megaFaceProtocol({
          probes: probes.embeddings,
          probeLabels: labels,
          distractors: others.embeddings,
          size: 2,
          ranks: [1, 2, 5],
          fars,
          blockRows,
          memory,
        });
        const upTo = (rank: number) => ranks.filter((value) => value <= rank).length / ranks.length;
        expect(result.rankAccuracies).toEqual([upTo(1), upTo(2), upTo(5)]);
        const similarities = [...positives, ...wrong];
        const isSame = similarities.map((_, pair) => pair < positives.length);
        expect(result.points).toEqual(fars.map((far) => tarAtFar(similarities, isSame, far)));
      }),
    );
  });

  it('has the defaults of the challenge', () => {
    const test = { probes: [1, 0, 1, 0], probeLabels: [1, 1], distractors: [0, 1], size: 2 };
    const result = megaFaceProtocol(test);
    expect(result.rankAccuracies).toEqual([1]);
    expect(result.points).toEqual([{ tar: 1, far: 0, threshold: 1 }]);
  });

  it('rejects invalid input', () => {
    const test = { probes: [1, 0, 0, 1], probeLabels: [1, 1], distractors: [1, 1], size: 2 };
    expect(() => megaFaceProtocol({ ...test, probeLabels: [1, 2] })).toThrow(/found 0 and 2/);
    expect(() => megaFaceProtocol({ ...test, ranks: [0] })).toThrow(/ranks must be/);
    expect(() => megaFaceProtocol({ ...test, distractors: [] })).toThrow(/distractors is empty/);
    const multiply = (_a: Float32Array, _b: Float32Array, rowsA: number, rowsB: number) =>
      new Float32Array(rowsA * rowsB).fill(Number.NaN);
    expect(() => megaFaceProtocol({ ...test, multiply })).toThrow(MetricsError);
  });
});
