import { describe, expect, it } from 'vitest';
import { isSameAt, sortedSimilarities, sortedSimilaritiesOfBothKinds } from './sorted-similarities.ts';

describe('sortedSimilarities', () => {
  it('splits pairs by kind and sorts each by number, not by text', () => {
    const { positives, negatives } = sortedSimilarities('x', [10, 9, -1, -2, 100, 0.5], [1, 1, 1, 0, 0, 0]);
    expect([...positives]).toEqual([-1, 9, 10]);
    expect([...negatives]).toEqual([-2, 0.5, 100]);
  });

  it('may find one kind only, unless both are asked for', () => {
    expect(sortedSimilarities('x', [1], [1]).negatives).toHaveLength(0);
    expect(() => sortedSimilaritiesOfBothKinds('x', [1], [1])).toThrow(/^x needs pairs of the same identity/);
  });
});

describe('isSameAt', () => {
  it('reads booleans, 1 and 0, nothing else', () => {
    const kinds = [true, 1, false, 0];
    expect(kinds.map((_, index) => isSameAt('x', kinds, index))).toEqual([true, true, false, false]);
    for (const unclear of [-1, 2, 0.5, Number.NaN]) {
      expect(() => isSameAt('x', [unclear], 0)).toThrow(/^x: isSame\[0\] is/);
    }
  });
});
