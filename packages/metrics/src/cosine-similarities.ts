import { checkNotEmpty, checkSameLength, countRows, elementsText } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Returns the cosine of each row of `a` with the same row of `b`.
 *
 * Rows need not be normalised. Computes in float64 and does not overflow or underflow for any finite row except zeros.
 * Results are clamped to `[-1, 1]`; a row with itself gives exactly 1.
 *
 * @param a `[pairs, size]`, row-major
 * @param b `[pairs, size]`, row-major
 * @param size the embedding size, at least 1
 * @returns `[pairs]`
 * @throws MetricsError if the shapes do not match, or a row contains NaN, an infinity, or only zeros
 */
export function cosineSimilarities(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  size: number,
): Float64Array<ArrayBuffer> {
  const left = { name: 'cosineSimilarities: a', values: a };
  const right = { name: 'cosineSimilarities: b', values: b };
  const pairs = countRows(left.name, a, size);
  checkNotEmpty(right.name, b);
  checkSameLength(right.name, b.length, `a ([${pairs}, ${size}])`, a.length);
  const cosines = new Float64Array(pairs);
  for (let pair = 0; pair < pairs; pair++) cosines[pair] = cosine(left, pair, right, pair, size);
  return cosines;
}

/**
 * Returns the cosines of pairs of rows of one set of embeddings.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param size the embedding size, at least 1
 * @param pairs `[pairs, 2]`, row-major: the two rows of each pair, as `samplePairs` returns them
 * @returns `[pairs]`, in `[-1, 1]`
 * @throws MetricsError if the shapes do not match, a row does not exist, or a row of a pair contains NaN, an infinity, or
 *   only zeros
 */
export function pairSimilarities(
  embeddings: ArrayLike<number>,
  size: number,
  pairs: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const matrix = { name: 'pairSimilarities: embeddings', values: embeddings };
  const rows = countRows(matrix.name, embeddings, size);
  checkNotEmpty('pairSimilarities: pairs', pairs);
  if (pairs.length % 2 !== 0) {
    throw new MetricsError(
      `pairSimilarities: pairs has ${elementsText(pairs.length)}, but must have two for each pair.`,
    );
  }
  const cosines = new Float64Array(pairs.length / 2);
  const readRow = (index: number): number => {
    const row = pairs[index]!;
    if (Number.isInteger(row) && row >= 0 && row < rows) return row;
    throw new MetricsError(
      `pairSimilarities: pairs[${index}] is ${String(row)}, but must be a row of the embeddings, in [0, ${rows}).`,
    );
  };
  for (let pair = 0; pair < cosines.length; pair++) {
    const [first, second] = [readRow(2 * pair), readRow(2 * pair + 1)];
    cosines[pair] = cosine(matrix, first, matrix, second, size);
  }
  return cosines;
}

/** Row-major values and their name in error messages. */
interface Matrix {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

/** Returns the cosine of a row of `a` and a row of `b`. */
function cosine(a: Matrix, rowOfA: number, b: Matrix, rowOfB: number, size: number): number {
  const result = plainCosine(a.values, rowOfA * size, b.values, rowOfB * size, size);
  if (result !== undefined) return result;
  // The squares overflow or underflow, or a row is invalid.
  return plainCosine(scaleRow(a, rowOfA, size), 0, scaleRow(b, rowOfB, size), 0, size)!;
}

/** Returns the cosine of two rows, or undefined if their squares leave the range in which float64 is accurate. */
function plainCosine(
  a: ArrayLike<number>,
  startOfA: number,
  b: ArrayLike<number>,
  startOfB: number,
  size: number,
): number | undefined {
  let dot = 0;
  let squaresOfA = 0;
  let squaresOfB = 0;
  for (let column = 0; column < size; column++) {
    const x = a[startOfA + column]!;
    const y = b[startOfB + column]!;
    dot += x * y;
    squaresOfA += x * x;
    squaresOfB += y * y;
  }
  // One root of the product, so that a row with itself gives exactly 1. NaN is out of range, too.
  const squares = squaresOfA * squaresOfB;
  const inRange = squares > 1e-250 && squares < 1e300 && squaresOfA > 1e-250 && squaresOfB > 1e-250;
  return inRange ? Math.min(1, Math.max(-1, dot / Math.sqrt(squares))) : undefined;
}

/**
 * Divides a row by its largest magnitude, which changes no cosine and keeps every square in range.
 * @throws MetricsError if the row contains NaN, an infinity, or only zeros
 */
function scaleRow({ name, values }: Matrix, row: number, size: number): Float64Array {
  const scaled = new Float64Array(size);
  let largest = 0;
  for (let column = 0; column < size; column++) {
    const value = values[row * size + column];
    if (!Number.isFinite(value)) {
      throw new MetricsError(
        `${name}: row ${row}, column ${column} is ${String(value)}: a cosine needs finite numbers.`,
      );
    }
    scaled[column] = value!;
    largest = Math.max(largest, Math.abs(value!));
  }
  if (largest === 0) {
    throw new MetricsError(`${name}: row ${row} is all zeros, so it has no direction: remove it.`);
  }
  return scaled.map((value) => value / largest);
}
