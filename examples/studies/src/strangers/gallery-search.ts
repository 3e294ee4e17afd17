import type { FaceEmbeddings } from './people-pairs.ts';
import { shuffled } from './split-people.ts';

/** A gallery, and the people who are not in it. */
export interface DrawnGallery {
  /** Rows of each person enrolled, two or more. */
  readonly gallery: readonly (readonly number[])[];
  /** Rows of each stranger. */
  readonly strangers: readonly (readonly number[])[];
}

/**
 * Draws people with two images or more for a gallery; all others are strangers.
 * @param people rows of each person
 * @param size number of people in the gallery
 */
export function drawGallery(
  people: readonly (readonly number[])[],
  size: number,
  seed: number,
): DrawnGallery {
  const order = shuffled(people.length, seed).map((index) => people[index]!);
  const gallery = order.filter((rows) => rows.length > 1).slice(0, size);
  const isEnrolled = new Set(gallery);
  return { gallery, strangers: order.filter((rows) => !isEnrolled.has(rows)) };
}

/** The inner products of a row with all templates, and the index of the largest. */
export interface Matches {
  readonly products: Float64Array;
  readonly best: number;
}

/** Compares a row with all templates of a gallery. */
export function matchRow(
  embeddings: FaceEmbeddings,
  row: number,
  templates: readonly Float32Array[],
): Matches {
  const products = innerProducts(embeddings, row, templates);
  return { products, best: products.indexOf(products.reduce((most, value) => Math.max(most, value))) };
}

/** Returns the inner products of a row with vectors. */
export function innerProducts(
  { values, size }: FaceEmbeddings,
  row: number,
  vectors: readonly Float32Array[],
): Float64Array {
  const own = values.subarray(row * size, (row + 1) * size);
  return Float64Array.from(vectors, (vector) => {
    let product = 0;
    for (let k = 0; k < size; k++) product += own[k]! * vector[k]!;
    return product;
  });
}
