import { expect, it } from 'vitest';
import { checkFiniteWeight } from './check-finite-weight.ts';
import { DataError } from './errors.ts';

it('counts the values that are not finite', () => {
  expect(() => checkFiniteWeight('a', Float32Array.of(-3e38, 0, 1e-45))).not.toThrow();
  expect(() => checkFiniteWeight('a', Int32Array.of(1))).not.toThrow();
  expect(() => checkFiniteWeight('a', [])).not.toThrow();
  const broken = Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  expect(() => checkFiniteWeight('conv1/kernel', broken)).toThrow(DataError);
  expect(() => checkFiniteWeight('conv1/kernel', broken)).toThrow(
    "Weight 'conv1/kernel' has 3 of 4 values that are not finite",
  );
});
