import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelledRows } from './__fixtures__/arbitraries.ts';
import {
  allPairsTarAtFar,
  crossPairsTarAtFar,
  MetricsError,
  plainBlockProduct,
  tarAtFar,
  unitRows,
} from './index.ts';

const targets = [0, 0.001, 0.1, 0.29, 0.5, 1];

/** Returns all scores and whether each is of the same identity. */
function allScores(
  rowsA: Float32Array,
  labelsA: number[],
  rowsB: Float32Array,
  labelsB: number[],
  within: boolean,
) {
  const size = rowsA.length / labelsA.length;
  const product = plainBlockProduct(rowsA, rowsB, labelsA.length, labelsB.length, size);
  const similarities: number[] = [];
  const isSame: boolean[] = [];
  labelsA.forEach((labelA, i) => {
    labelsB.forEach((labelB, j) => {
      if (within && j <= i) return;
      similarities.push(product[i * labelsB.length + j]!);
      isSame.push(labelA === labelB);
    });
  });
  return { similarities, isSame };
}

const bothKinds = (isSame: boolean[]) => new Set(isSame).size === 2;

describe('allPairsTarAtFar', () => {
  it('agrees with a hand-worked example', () => {
    // Directions (1, 0), (0.6, 0.8), (0, 1), (0, 1) of identities 0, 0, 1, 1.
    // Positives: 0.6 and 1. Negatives: 0, 0, 0.8, 0.8.
    const embeddings = [2, 0, 3, 4, 0, 1, 0, 5];
    const result = allPairsTarAtFar(embeddings, [0, 0, 1, 1], 2, [0, 0.25, 0.5]);
    expect(result).toEqual({
      points: [
        { tar: 0.5, far: 0, threshold: 1 },
        { tar: 0.5, far: 0, threshold: 1 },
        { tar: 1, far: 0.5, threshold: Math.fround(0.6) },
      ],
      positives: 2,
      negatives: 4,
    });
  });

  it.each([
    ['kept in one pass', 2 ** 24],
    ['counted in two', 0],
  ])('equals tarAtFar on all scores, %s', (_, memory) => {
    fc.assert(
      fc.property(labelledRows(3), fc.integer({ min: 1, max: 15 }), ({ embeddings, labels }, blockRows) => {
        const rows = unitRows(embeddings, 3);
        const { similarities, isSame } = allScores(rows, labels, rows, labels, true);
        fc.pre(bothKinds(isSame));
        const result = allPairsTarAtFar(embeddings, labels, 3, targets, { blockRows, memory });
        expect(result.points).toEqual(targets.map((far) => tarAtFar(similarities, isSame, far)));
        expect(result.positives).toBe(isSame.filter((same) => same).length);
        expect(result.negatives).toBe(isSame.filter((same) => !same).length);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['kept, with a trimmed tail', 2 ** 24],
    ['counted', 0],
  ])('is exact among many pairs, %s', (_, memory) => {
    const [count, size] = [300, 8];
    const labels = Array.from({ length: count }, (_, row) => row % 40);
    const embeddings = Float32Array.from({ length: count * size }, (_, index) => {
      const [row, column] = [Math.floor(index / size), index % size];
      return Math.sin(labels[row]! * 7 + column * 3) + 0.7 * Math.sin(row * 12.9898 + column * 78.233);
    });
    const rows = unitRows(embeddings, size);
    const { similarities, isSame } = allScores(rows, labels, rows, labels, true);
    // One target at a time keeps only as many negatives as it needs, so that the tail fills up.
    for (const far of [1e-6, 1e-4, 1e-3, 0.01, 0.3]) {
      const { points } = allPairsTarAtFar(embeddings, labels, size, [far], { blockRows: 64, memory });
      expect(points).toEqual([tarAtFar(similarities, isSame, far)]);
    }
  });

  it('treats 0 and -0 as one threshold', () => {
    // A custom product that returns -0 for the negatives and 0 for the positive.
    const multiply = () => new Float32Array([1, 0, -0, 0, 1, -0, -0, -0, 1]);
    for (const memory of [0, 100]) {
      const { points } = allPairsTarAtFar([1, 0, 1, 0, 0, 1], [0, 0, 1], 2, [0.5, 1], { multiply, memory });
      expect(points[0]).toEqual({ tar: 0, far: 0, threshold: Number.POSITIVE_INFINITY });
      expect(points[1]).toEqual({ tar: 1, far: 1, threshold: 0 });
    }
  });

  it('rejects invalid input', () => {
    const call =
      (embeddings: number[], labels: number[], fars: number[], options = {}) =>
      () =>
        allPairsTarAtFar(embeddings, labels, 2, fars, options);
    const embeddings = [1, 0, 0, 1, 1, 1];
    expect(call(embeddings, [0, 0, 0], [0.1])).toThrow(/found 3 and 0: add the missing kind/);
    expect(call(embeddings, [0, 1, 2], [0.1])).toThrow(/found 0 and 3/);
    expect(call([1, 0], [0], [0.1])).toThrow(/found 0 and 0/);
    expect(call(embeddings, [0, 0], [0.1])).toThrow(/labels has 2 elements/);
    expect(call(embeddings, [0, 0, 1], [])).toThrow(/fars is empty/);
    expect(call(embeddings, [0, 0, 1], [-1])).toThrow(/far must be a number in \[0, 1\]/);
    expect(call([1, 0, 0, 0, 1, 1], [0, 0, 1], [0.1])).toThrow(/row 1 is all zeros/);
    expect(call(embeddings, [0, 0, 1], [0.1], { memory: -1 })).toThrow(/memory must be/);
    expect(call(embeddings, [0, 0, 1], [0.1], { blockRows: 0 })).toThrow(/blockRows must be/);
    for (const memory of [0, 100]) {
      for (const bad of [Number.NaN, 2, -2, Number.POSITIVE_INFINITY]) {
        const multiply = () => new Float32Array(9).fill(bad);
        expect(call(embeddings, [0, 0, 1], [0.1], { multiply, memory })).toThrow(MetricsError);
        expect(call(embeddings, [0, 1, 0], [0.1], { multiply, memory })).toThrow(/multiply returned/);
      }
    }
  });
});

describe('crossPairsTarAtFar', () => {
  it.each([2 ** 24, 0])('equals tarAtFar on all scores, with memory %i', (memory) => {
    const set = labelledRows(2, { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(set, set, fc.integer({ min: 1, max: 10 }), (a, b, blockRows) => {
        const { similarities, isSame } = allScores(
          unitRows(a.embeddings, 2),
          a.labels,
          unitRows(b.embeddings, 2),
          b.labels,
          false,
        );
        fc.pre(bothKinds(isSame));
        const options = { blockRows, memory };
        const result = crossPairsTarAtFar(
          a.embeddings,
          a.labels,
          b.embeddings,
          b.labels,
          2,
          targets,
          options,
        );
        expect(result.points).toEqual(targets.map((far) => tarAtFar(similarities, isSame, far)));
        expect(result.positives + result.negatives).toBe(isSame.length);
      }),
    );
  });

  it('names the invalid set', () => {
    expect(() => crossPairsTarAtFar([1, 0], [0], [0, 0], [0], 2, [0.1])).toThrow(/b: row 0 is all zeros/);
    expect(() => crossPairsTarAtFar([1, 0], [0, 1], [0, 1], [0], 2, [0.1])).toThrow(/labelsA has 2/);
  });
});
