import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineSimilarities, MetricsError, pairSimilarities } from './index.ts';

describe('cosineSimilarities', () => {
  it('is the cosine of the angle between rows of any length', () => {
    const a = [3, 4, 1, 0, 2, 0];
    const b = [4, 3, 0, 5, -7, 0];
    expect([...cosineSimilarities(a, b, 2)]).toEqual([0.96, 0, -1]);
    expect(cosineSimilarities(new Float32Array(a), new Float64Array(b), 3)).toHaveLength(2);
  });

  it('does not depend on scale, from the smallest to the largest numbers', () => {
    for (const [scaleOfA, scaleOfB] of [
      [1e-300, 1e300],
      [1e-30, 1e-30],
      [1e307, 1e307],
      [1e200, 1e-200],
      [2 ** -149, 2 ** 127],
    ] as const) {
      const a = [3 * scaleOfA, 4 * scaleOfA];
      const b = [4 * scaleOfB, 3 * scaleOfB];
      expect(cosineSimilarities(a, b, 2)[0]).toBeCloseTo(0.96, 14);
    }
    expect(cosineSimilarities([Number.MIN_VALUE, 0], [Number.MAX_VALUE, 0], 2)[0]).toBe(1);
  });

  it('is exactly 1 for a row with itself and never beyond 1', () => {
    const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 8 });
    const notZero = row.filter((values) => values.some((value) => value !== 0));
    fc.assert(
      fc.property(notZero, (values) => {
        expect(cosineSimilarities(values, values, values.length)[0]).toBe(1);
        const opposite = values.map((value) => -value);
        expect(cosineSimilarities(values, opposite, values.length)[0]).toBe(-1);
      }),
    );
  });

  it('rejects invalid input', () => {
    expect(() => cosineSimilarities([1, 2], [1, 2, 3], 2)).toThrow(
      /b has 3 elements, but a \(\[1, 2\]\) requires 2/,
    );
    expect(() => cosineSimilarities([1, 2, 3], [1, 2, 3], 2)).toThrow(/not a multiple of size \(2\)/);
    expect(() => cosineSimilarities([1], [1], 0)).toThrow(/size must be a whole number of at least 1/);
    expect(() => cosineSimilarities([], [], 2)).toThrow(/a is empty/);
    expect(() => cosineSimilarities([1, 1, 0, 0], [1, 1, 1, 1], 2)).toThrow(/a: row 1 is all zeros/);
    expect(() => cosineSimilarities([1, 1], [1, Number.NaN], 2)).toThrow(/b: row 0, column 1 is NaN/);
    const infinite = [Number.POSITIVE_INFINITY, 1];
    expect(() => cosineSimilarities(infinite, [1, 1], 2)).toThrow(/a: row 0, column 0 is Infinity/);
    expect(() => cosineSimilarities(infinite, [1, 1], 2)).toThrow(MetricsError);
  });
});

describe('pairSimilarities', () => {
  const embeddings = new Float32Array([1, 0, 0, 2, 3, 3]);

  it('compares the rows of each pair', () => {
    const cosines = pairSimilarities(embeddings, 2, [0, 1, 2, 2, 0, 2]);
    expect(cosines[0]).toBe(0);
    expect(cosines[1]).toBe(1);
    expect(cosines[2]).toBeCloseTo(Math.SQRT1_2, 15);
  });

  it('ignores rows that are in no pair', () => {
    expect([...pairSimilarities([1, 0, 0, 0, 0, 1], 2, [0, 2])]).toEqual([0]);
  });

  it('rejects invalid input', () => {
    expect(() => pairSimilarities(embeddings, 2, [0, 3])).toThrow(/pairs\[1\] is 3, .* in \[0, 3\)/);
    expect(() => pairSimilarities(embeddings, 2, [-1, 0])).toThrow(/pairs\[0\] is -1/);
    expect(() => pairSimilarities(embeddings, 2, [0, 1, 2])).toThrow(
      /pairs has 3 elements.*two for each pair/,
    );
    expect(() => pairSimilarities(embeddings, 4, [0, 1])).toThrow(/not a multiple of size \(4\)/);
    expect(() => pairSimilarities(embeddings, 2, [])).toThrow(/pairs is empty/);
  });
});
