import { DataError, ShapeError } from '@openset/core';

/**
 * The cosine of two unit vectors.
 * @throws ShapeError if their lengths differ
 */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0) {
    throw new ShapeError(
      `Two embeddings must have the same length, but have ${a.length} and ${b.length}: do they come from two models?`,
    );
  }
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  // Rounding may put it just outside.
  return Math.min(1, Math.max(-1, sum));
}

/**
 * The vector at unit length, as a new array.
 * @param what what it is, for the message
 * @throws DataError if it has no direction: all zeros, or a value that is not finite
 */
export function unit(vector: ArrayLike<number>, what: string): Float32Array {
  let squares = 0;
  for (let k = 0; k < vector.length; k++) squares += vector[k]! * vector[k]!;
  const norm = Math.sqrt(squares);
  if (!(norm > 0) || !Number.isFinite(norm)) {
    const reason = norm === 0 ? 'is all zeros' : 'holds values that are not finite';
    throw new DataError(`${what} ${reason}, and has no direction: check the image and the model.`);
  }
  return Float32Array.from(vector, (value) => value / norm);
}
