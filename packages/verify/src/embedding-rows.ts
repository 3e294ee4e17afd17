import { DataError, ShapeError } from '@openset/core';

/**
 * Checks an embedding. It need not have unit length.
 * @param what subject of the error message
 * @param size expected number of values; default: any
 * @throws ShapeError if it has another number of values; DataError if it is no array or has no direction
 */
export function checkEmbedding(
  what: string,
  embedding: ArrayLike<number>,
  size: number | undefined = embedding?.length,
): void {
  if (typeof embedding !== 'object' || !Number.isInteger(embedding?.length)) {
    throw new DataError(
      `${what} must be an array of numbers, as Verifier.embed returns it, but is ${describeValue(embedding)}.`,
    );
  }
  if (embedding.length !== size || size === 0) {
    throw new ShapeError(
      `${what} has length ${embedding.length}, but must have ${size || 'at least 1'}: use embeddings of one model.`,
    );
  }
  normOf(embedding, what);
}

/** Largest difference of the squared norm from 1 that counts as unit length. */
const unitTolerance = 1e-6;

/**
 * Returns an embedding at unit length, as a new array. One that has unit length keeps its values, bit for bit.
 * @param what subject of the error message
 * @param size expected number of values
 * @throws ShapeError if it has another number of values; DataError if it is no array or has no direction
 */
export function unitEmbedding(what: string, embedding: ArrayLike<number>, size: number): Float32Array {
  checkEmbedding(what, embedding, size);
  const norm = normOf(embedding, what);
  const isUnit = Math.abs(norm * norm - 1) < unitTolerance;
  return isUnit ? Float32Array.from(embedding) : normalise(embedding, what);
}

/** Names a value that is no array. */
function describeValue(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return 'dataSync' in value ? 'a tensor: use its data()' : 'an object';
}

/**
 * Returns a vector at unit length, as a new array.
 * @param what subject of the error message
 * @throws DataError if the vector has no direction: it is all zeros, or a value is not a finite number
 */
export function normalise(vector: ArrayLike<number>, what: string): Float32Array {
  const norm = normOf(vector, what);
  return Float32Array.from(vector, (value) => value / norm);
}

/** Returns the Euclidean norm of a vector. @throws DataError if the vector has no direction */
function normOf(vector: ArrayLike<number>, what: string): number {
  let squares = 0;
  for (let k = 0; k < vector.length; k++) {
    const value = vector[k]!;
    // Not only the sum: damaged JSON has null, whose square is 0.
    if (!Number.isFinite(value)) throw noDirection(what, `has values that are not finite`);
    squares += value * value;
  }
  if (squares === 0) throw noDirection(what, 'is all zeros');
  if (squares === Number.POSITIVE_INFINITY) throw noDirection(what, 'has values that are too large');
  return Math.sqrt(squares);
}

function noDirection(what: string, reason: string): DataError {
  return new DataError(`${what} ${reason}, so it has no direction: check the image and the model.`);
}
