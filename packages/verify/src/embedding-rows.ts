import { DataError, ShapeError } from '@openset/core';

/**
 * Returns the cosine of two unit vectors.
 * @throws ShapeError if their lengths differ
 */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0) {
    throw new ShapeError(
      `The embeddings have lengths ${a.length} and ${b.length}, but must have the same length: use embeddings of one model.`,
    );
  }
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  // Rounding may exceed the range.
  return Math.min(1, Math.max(-1, sum));
}

/**
 * Returns a vector at unit length, as a new array.
 * @param what subject of the error message
 * @throws DataError if the vector has no direction: it is all zeros, or a value is not finite
 */
export function normalise(vector: ArrayLike<number>, what: string): Float32Array {
  let squares = 0;
  for (let k = 0; k < vector.length; k++) squares += vector[k]! * vector[k]!;
  const norm = Math.sqrt(squares);
  if (!(norm > 0) || !Number.isFinite(norm)) {
    const reason = norm === 0 ? 'is all zeros' : 'has values that are not finite';
    throw new DataError(`${what} ${reason}, so it has no direction: check the image and the model.`);
  }
  return Float32Array.from(vector, (value) => value / norm);
}
