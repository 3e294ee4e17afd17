import { DataError } from '@openset/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { quantiseRow, readQuantisedRow, toWholeNumbers } from './quantise-row.ts';

const vectors = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 })
  .map((values) => Float32Array.from(values))
  .filter((values) => values.some((value) => value !== 0));

/** Returns the length of the difference between a vector at unit length and a multiple of whole numbers. */
function distance(vector: Float32Array, values: ArrayLike<number>, scale: number): number {
  const norm = Math.hypot(...vector);
  return Math.hypot(...Array.from(vector, (value, k) => value / norm - scale * values[k]!));
}

it('packs scale, error and values', () => {
  const bytes = quantiseRow(Float32Array.of(3, -4));
  expect(bytes).toHaveLength(10);
  const { values, scale, error } = readQuantisedRow(bytes, 2);
  expect([...values]).toEqual([95, -127]);
  // The scale with the smallest error.
  expect(scale).toBeCloseTo((0.6 * 95 + 0.8 * 127) / (95 ** 2 + 127 ** 2), 9);
  expect(error).toBeLessThan(0.002);
  expect(error).toBeGreaterThan(0.001);
});

it('never states an error below the real one, which is small', () => {
  fc.assert(
    fc.property(vectors, (vector) => {
      const { values, scale, error } = readQuantisedRow(quantiseRow(vector), vector.length);
      const real = distance(vector, values, scale);
      expect(real).toBeLessThanOrEqual(error + 1e-15);
      // Half a step for each value, of which 127 make the largest.
      expect(error).toBeLessThanOrEqual((0.5 / 127) * Math.sqrt(vector.length) + 1e-6);
      expect(Math.max(...values.map(Math.abs))).toBe(127);
    }),
  );
});

it('has smaller errors with more levels', () => {
  fc.assert(
    fc.property(vectors, fc.integer({ min: 1, max: 32_767 }), (vector, levels) => {
      const { values, scale, length, error } = toWholeNumbers(vector, levels);
      expect(Math.abs(error - distance(vector, values, scale))).toBeLessThan(1e-12);
      expect(error).toBeLessThanOrEqual((0.5 / levels) * Math.sqrt(vector.length) + 1e-6);
      expect(Math.abs(length - Math.hypot(...Array.from(values, (value) => scale * value)))).toBeLessThan(
        1e-12,
      );
      expect(Math.max(...values.map(Math.abs))).toBe(levels);
    }),
  );
});

it('rejects damaged bytes', () => {
  const good = quantiseRow(Float32Array.of(1, 2, 3));
  expect(() => readQuantisedRow(good, 4)).toThrow(
    'A quantised row has 11 bytes, but one of 4 numbers has 12.',
  );
  for (const [offset, value] of [
    [0, Number.NaN],
    [0, 0],
    [0, -1],
    [0, 2],
    [4, -0.1],
    [4, Number.POSITIVE_INFINITY],
  ] as const) {
    const damaged = good.slice();
    new DataView(damaged.buffer).setFloat32(offset, value, true);
    expect(() => readQuantisedRow(damaged, 3)).toThrow(DataError);
  }
});
