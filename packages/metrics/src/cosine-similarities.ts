import { checkNotEmpty, checkSameLength, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Cosines of the rows of two sets of embeddings: row `i` of `a` with row `i` of `b`.
 *
 * Rows need not be normalised. Computed in float64 and safe for every finite row but zeros, however large or small;
 * clamped to `[-1, 1]`, and exactly 1 for a row with itself.
 *
 * @param a `[pairs, size]`, row-major
 * @param b `[pairs, size]`, row-major
 * @param size the embedding size, at least 1
 * @returns `[pairs]`
 * @throws MetricsError if the shapes do not fit, or a row holds NaN, an infinity, or zeros only
 */
export function cosineSimilarities(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  size: number,
): Float64Array<ArrayBuffer> {
  const left = { name: 'cosineSimilarities: a', values: a };
  const right = { name: 'cosineSimilarities: b', values: b };
  const pairs = countRows(left, size);
  checkNotEmpty(right.name, b);
  checkSameLength(right.name, b.length, `a ([${pairs}, ${size}])`, a.length);
  const cosines = new Float64Array(pairs);
  for (let pair = 0; pair < pairs; pair++) cosines[pair] = cosine(left, pair, right, pair, size);
  return cosines;
}

/**
 * Cosines of chosen pairs of rows of one set of embeddings.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param size the embedding size, at least 1
 * @param pairs `[pairs, 2]`, row-major: the two rows of each pair, as `samplePairs` gives them
 * @returns `[pairs]`, in `[-1, 1]`
 * @throws MetricsError if the shapes do not fit, a row does not exist, or a row of a pair holds NaN, an infinity,
 *   or zeros only
 */
export function pairSimilarities(
  embeddings: ArrayLike<number>,
  size: number,
  pairs: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const matrix = { name: 'pairSimilarities: embeddings', values: embeddings };
  const rows = countRows(matrix, size);
  checkNotEmpty('pairSimilarities: pairs', pairs);
  if (pairs.length % 2 !== 0) {
    throw new MetricsError(
      `pairSimilarities: pairs has ${pairs.length} elements, but must hold two for each pair.`,
    );
  }
  const cosines = new Float64Array(pairs.length / 2);
  const rowOf = (place: number): number => {
    const row = pairs[place]!;
    if (Number.isInteger(row) && row >= 0 && row < rows) return row;
    throw new MetricsError(
      `pairSimilarities: pairs[${place}] is ${String(row)}, but must be a row of the embeddings, in [0, ${rows}).`,
    );
  };
  for (let pair = 0; pair < cosines.length; pair++) {
    const [first, second] = [rowOf(2 * pair), rowOf(2 * pair + 1)];
    cosines[pair] = cosine(matrix, first, matrix, second, size);
  }
  return cosines;
}

/** The number of rows of a row-major matrix. */
function countRows({ name, values }: Matrix, size: number): number {
  checkWhole(`${name}: size`, size, 1);
  checkNotEmpty(name, values);
  if (values.length % size === 0) return values.length / size;
  throw new MetricsError(
    `${name} has ${values.length} elements, which is no whole number of rows of ${size}.`,
  );
}

/** Row-major values and what to call them in messages. */
interface Matrix {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

/** The cosine of one row of `a` and one row of `b`. */
function cosine(a: Matrix, rowOfA: number, b: Matrix, rowOfB: number, size: number): number {
  const result = plainCosine(a.values, rowOfA * size, b.values, rowOfB * size, size);
  if (result !== undefined) return result;
  // The squares overflowed or vanished, or a row is unusable.
  return plainCosine(scaledRow(a, rowOfA, size), 0, scaledRow(b, rowOfB, size), 0, size)!;
}

/** The cosine of two rows, or undefined if their squares are outside the range that float64 can be trusted in. */
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
  // One root of the product, so that a row with itself gives exactly 1. NaN is not in range either.
  const squares = squaresOfA * squaresOfB;
  const inRange = squares > 1e-250 && squares < 1e300 && squaresOfA > 1e-250 && squaresOfB > 1e-250;
  return inRange ? Math.min(1, Math.max(-1, dot / Math.sqrt(squares))) : undefined;
}

/**
 * A row divided by its largest magnitude, which changes no cosine and keeps every square in range.
 * @throws MetricsError if the row holds NaN or an infinity, or nothing but zeros
 */
function scaledRow({ name, values }: Matrix, row: number, size: number): Float64Array {
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
    throw new MetricsError(`${name}: row ${row} is all zeros and has no direction: leave it out.`);
  }
  return scaled.map((value) => value / largest);
}
