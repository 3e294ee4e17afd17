import type { BadImage } from '../images/bad-image.ts';

/** Embeddings, one a row. */
export interface EmbeddingRows {
  /** `[rows, size]` row-major; each row has unit length. */
  readonly values: Float32Array;
  readonly size: number;
  /** Returns a view of one embedding. */
  row(index: number): Float32Array;
}

/** Embeddings of a set of images. */
export interface Embeddings extends EmbeddingRows {
  /** Index of the image of each row, ascending; bad images have no row. */
  readonly indices: Int32Array;
  /** Images that were skipped. */
  readonly skipped: readonly BadImage[];
}

/** Returns embeddings in one array. */
export function joinRows(rows: readonly Float32Array[], size: number): EmbeddingRows {
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    values.set(row, index * size);
  });
  return { values, size, row: (index) => values.subarray(index * size, (index + 1) * size) };
}
