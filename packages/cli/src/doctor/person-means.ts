import type { Embeddings } from '../model/embeddings.ts';

/** The embeddings of a person. */
export interface Person {
  readonly label: number;
  /** Rows of the embeddings. */
  readonly rows: readonly number[];
  /** `[size]` */
  readonly sum: Float64Array;
  /** `[size]`, at unit length */
  readonly mean: Float64Array;
  /** Cosine of the means of two halves of the images; 1 for a single image. */
  readonly halvesCosine: number;
}

/**
 * Groups embeddings by person.
 * @param labels class of each image of the set
 */
export function groupByPerson(embeddings: Embeddings, labels: ArrayLike<number>): Person[] {
  const rowsOf = new Map<number, number[]>();
  embeddings.indices.forEach((image, row) => {
    const label = labels[image]!;
    const rows = rowsOf.get(label);
    if (rows) rows.push(row);
    else rowsOf.set(label, [row]);
  });
  return [...rowsOf].map(([label, rows]) => {
    const halves = [0, 1].map((half) =>
      sumOf(
        embeddings,
        rows.filter((_, position) => position % 2 === half),
      ),
    ) as [Float64Array, Float64Array];
    const sum = halves[0].map((value, k) => value + halves[1][k]!);
    return { label, rows, sum, mean: toUnit(sum), halvesCosine: rows.length > 1 ? cosineOf(...halves) : 1 };
  });
}

/** Returns the mean of a person's embeddings but one, at unit length. */
export function withoutImage({ sum }: Person, embedding: Float32Array): Float64Array {
  return toUnit(sum.map((value, k) => value - embedding[k]!));
}

function sumOf({ size, row }: Embeddings, rows: readonly number[]): Float64Array {
  const sum = new Float64Array(size);
  for (const index of rows) {
    const embedding = row(index);
    for (let k = 0; k < size; k++) sum[k]! += embedding[k]!;
  }
  return sum;
}

function cosineOf(first: Float64Array, second: Float64Array): number {
  const [a, b] = [toUnit(first), toUnit(second)];
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0);
}

/** Embeddings can cancel each other out; the zero vector is similar to nothing. */
function toUnit(vector: Float64Array): Float64Array {
  const length = Math.max(Math.hypot(...vector), 1e-9);
  return vector.map((value) => value / length);
}
