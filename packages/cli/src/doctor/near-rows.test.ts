import { randomNumbers } from '@openset/core';
import { unitRows } from '@openset/metrics';
import { describe, expect, it } from 'vitest';
import { visitNearRows } from './near-rows.ts';

function collect(rows: Float32Array, size: number, minimum: number) {
  const found: [number, number, number][] = [];
  visitNearRows(rows, size, minimum, (first, second, cosine) => found.push([first, second, cosine]));
  return found.sort(([a, b], [c, d]) => a - c || b - d);
}

/** Returns the pairs by comparing every row with every other. */
function compareAll(rows: Float32Array, size: number, minimum: number) {
  const found: [number, number, number][] = [];
  for (let first = 0; first < rows.length / size; first++) {
    for (let second = first + 1; second < rows.length / size; second++) {
      let cosine = 0;
      for (let k = 0; k < size; k++) cosine += rows[first * size + k]! * rows[second * size + k]!;
      if (cosine >= minimum) found.push([first, second, cosine]);
    }
  }
  return found;
}

describe('visitNearRows', () => {
  it.each([
    [1, 3],
    [2, 1],
    [64, 8],
    [65, 9],
    [200, 20],
  ])('finds the pairs of %d rows of %d values', (count, size) => {
    const random = randomNumbers(count);
    const rows = unitRows(
      Float32Array.from({ length: count * size }, () => random() - 0.3),
      size,
    );
    const minimum = 0.8123;
    const expected = compareAll(rows, size, minimum);
    const found = collect(rows, size, minimum);
    expect(found.map(([first, second]) => [first, second])).toEqual(
      expected.map(([first, second]) => [first, second]),
    );
    found.forEach(([, , cosine], index) => {
      expect(cosine).toBeCloseTo(expected[index]![2], 5);
    });
    if (count > 2) expect(found.length).toBeGreaterThan(0);
  });

  it('gives equal rows the cosine 1', () => {
    expect(collect(Float32Array.of(0.6, 0.8, 0.6, 0.8, -0.6, -0.8), 2, 1)).toEqual([[0, 1, 1]]);
  });

  it('has no pairs without rows, and reports progress to the end', () => {
    expect(collect(new Float32Array(0), 4, 0.9)).toEqual([]);
    const progress: [number, number][] = [];
    visitNearRows(
      new Float32Array(130),
      1,
      0.99,
      () => {},
      (...numbers) => progress.push(numbers),
    );
    expect(progress).toEqual([
      [64, 130],
      [128, 130],
      [130, 130],
    ]);
  });
});
