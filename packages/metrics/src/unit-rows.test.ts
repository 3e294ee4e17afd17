import { expect, it } from 'vitest';
import { MetricsError, unitRows } from './index.ts';

it('divides each row by its length', () => {
  const embeddings = [3, 4, 0, -2];
  expect([...unitRows(embeddings, 2)]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, -1]);
  expect(embeddings).toEqual([3, 4, 0, -2]);
});

it('handles very large and very small rows', () => {
  const tiny = Number.MIN_VALUE;
  expect([...unitRows([1e300, 0, 0, tiny, 1e200, 1e200], 2)]).toEqual([
    1,
    0,
    0,
    1,
    Math.fround(Math.SQRT1_2),
    Math.fround(Math.SQRT1_2),
  ]);
});

it('rejects invalid input', () => {
  expect(() => unitRows([1, 2, 3], 2)).toThrow(/3 elements, which is not a multiple of size \(2\)/);
  expect(() => unitRows([1, 2, 0, 0], 2)).toThrow(/row 1 is all zeros/);
  expect(() => unitRows([1, Number.NaN], 2)).toThrow(/row 0, column 1 is NaN/);
  expect(() => unitRows([], 2)).toThrow(MetricsError);
  expect(() => unitRows([1], 0)).toThrow(/size must be a whole number of at least 1/);
});
