import { describe, expect, it } from 'vitest';
import { readPairLabel, sortedSimilarities, sortedSimilaritiesOfBothKinds } from './sorted-similarities.ts';

describe('sortedSimilarities', () => {
  it('splits pairs by kind and sorts each numerically', () => {
    const { positives, negatives } = sortedSimilarities('x', [10, 9, -1, -2, 100, 0.5], [1, 1, 1, 0, 0, 0]);
    expect([...positives]).toEqual([-1, 9, 10]);
    expect([...negatives]).toEqual([-2, 0.5, 100]);
  });

  it('allows one kind alone, unless both are required', () => {
    expect(sortedSimilarities('x', [1], [1]).negatives).toHaveLength(0);
    expect(() => sortedSimilaritiesOfBothKinds('x', [1], [1])).toThrow(/^x needs pairs of the same identity/);
  });
});

describe('readPairLabel', () => {
  it('reads booleans, 1 and 0, but nothing else', () => {
    const kinds = [true, 1, false, 0];
    expect(kinds.map((_, index) => readPairLabel('x', kinds, index))).toEqual([true, true, false, false]);
    for (const unclear of [-1, 2, 0.5, Number.NaN]) {
      expect(() => readPairLabel('x', [unclear], 0)).toThrow(/^x: isSame\[0\] is/);
    }
  });
});
