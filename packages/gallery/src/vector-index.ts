import { ConfigError, checkNumber, OutOfMemoryError } from '@openset/core';
import { createRowProducts } from './create-row-products.ts';
import { nearestGroups } from './nearest-groups.ts';
import { readQuantisedRow, toWholeNumbers } from './quantise-row.ts';
import { RowGroups } from './row-groups.ts';
import { productsAtOnce, type RowProducts } from './row-products.ts';

/** Largest number of values of a row: products with a probe fit into int32. */
const largestSize = 2 ** 24;

/** Rows that can be among the nearest, with their exact cosines. */
export interface ScoredRows {
  /** Slots as `add` returned them; each at most once. */
  readonly slots: readonly number[];
  /** `[slots.length]`, as `score` returned them. */
  readonly cosines: readonly number[];
}

/** Returns the exact cosines of a probe with the float32 vectors of some slots: `cosineSimilarities` of `@openset/metrics`. */
export type ScoreRows = (slots: readonly number[]) => ArrayLike<number>;

/**
 * An index that finds the nearest of many vectors exactly, with one byte for each value.
 *
 * It compares a probe with quantised rows, and knows an upper limit of the difference from the exact cosine. So it can tell which rows may be
 * among the nearest. The caller computes the exact cosines of those from float32 vectors. The result is that of a walk over all float32
 * vectors.
 *
 * The limit: let `y` be the row and `p` the probe, both at unit length, `y = s·q + e` and `p = t·r + f` with whole numbers `q` and
 * `r`. Then `p·y = s·t·(r·q) + t·r·e + f·y`. The index computes the first term, whose whole-number product is exact. By the
 * Cauchy-Schwarz inequality the others are at most `‖t·r‖·‖e‖ + ‖f‖`. All lengths are computed in float64. Normalising `p` and `y`, these
 * lengths, and the exact cosine of the caller have rounding errors; each sum of n terms has a relative error of at most n·2⁻⁵³, and there
 * are fewer than eight of them, each of length 2 at most. So `(n + 16)·2⁻⁴⁹` is added.
 */
export class VectorIndex {
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
  readonly #levels: number;
  readonly #products: RowProducts;
  readonly #groups = new RowGroups();
  #capacity = 0;
  #scales = new Float32Array(0);
  #errors = new Float32Array(0);
  #estimates = new Float64Array(0);

  /** @throws ConfigError if the size is out of range */
  constructor(embeddingSize: number) {
    checkNumber('VectorIndex: embeddingSize', embeddingSize, {
      minimum: 1,
      maximum: largestSize,
      integer: true,
    });
    this.embeddingSize = embeddingSize;
    this.#levels = Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * embeddingSize)));
    this.#products = createRowProducts(embeddingSize);
  }

  /** Number of rows. */
  get rowCount(): number {
    return this.#groups.rowCount;
  }

  /**
   * Adds a row.
   * @param row from `quantiseRow`
   * @param group whole number of the person whom the row shows; several rows of one person have the same
   * @returns slot of the row; slots of removed rows are used again
   * @throws DataError for damaged bytes; OutOfMemoryError, before anything is changed
   */
  add(row: Uint8Array, group: number): number {
    const { values, scale, error } = readQuantisedRow(row, this.embeddingSize);
    this.reserve(this.rowCount + 1);
    const slot = this.#groups.add(group);
    this.#products.write(slot, values);
    this.#scales[slot] = scale;
    this.#errors[slot] = error;
    return slot;
  }

  /** Removes a row, and overwrites it with zeros. @throws ConfigError if the slot is empty */
  remove(slot: number): void {
    if (!this.#groups.remove(slot)) throw new ConfigError(`The index has no row ${slot} to remove.`);
    this.#products.write(slot, null);
  }

  /** Makes room for so many rows in all. @throws OutOfMemoryError */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    const capacity = Math.max(64, rows, Math.ceil(1.25 * this.#capacity));
    try {
      this.#products.reserve(capacity);
      this.#scales = copyTo(new Float32Array(capacity), this.#scales);
      this.#errors = copyTo(new Float32Array(capacity), this.#errors);
      this.#estimates = new Float64Array(capacity);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new OutOfMemoryError(
        `The index has no memory for ${capacity} rows of ${this.embeddingSize} bytes: split the gallery.`,
        { cause: error },
      );
    }
    this.#capacity = capacity;
  }

  /**
   * Finds rows that decide which groups are nearest.
   * @param probe `[embeddingSize]`, finite, not all zeros
   * @param limit number of groups, at least 1
   * @param score called once or twice
   * @returns of each group that can be among the `limit` nearest, also by equal cosines, a row with the group's highest cosine;
   *   possibly further rows
   */
  search(probe: Float32Array, limit: number, score: ScoreRows): ScoredRows {
    const { estimates, length, error } = this.#estimate(probe);
    const nearest = nearestGroups(estimates, this.#groups, limit);
    const found = Array.from(nearest.length === 0 ? [] : score(nearest));
    // So many groups have a row with this cosine, so the `limit`-th nearest has it too.
    const lowest = nearest.length < limit ? Number.NEGATIVE_INFINITY : found.reduce((a, b) => Math.min(a, b));
    /** Cosine of each group that a further row must reach to change the result. */
    const needed = new Float64Array(this.#groups.groupCount).fill(lowest);
    nearest.forEach((slot, index) => {
      needed[this.#groups.groupOf(slot)] = found[index]!;
    });
    const scored = new Set(nearest);
    const possible: number[] = [];
    const slack = error + (this.embeddingSize + 16) * 2 ** -49;
    for (let slot = 0; slot < estimates.length; slot++) {
      const group = this.#groups.groupOf(slot);
      if (group < 0 || estimates[slot]! + length * this.#errors[slot]! + slack < needed[group]!) continue;
      if (!scored.has(slot)) possible.push(slot);
    }
    if (possible.length === 0) return { slots: nearest, cosines: found };
    return { slots: nearest.concat(possible), cosines: found.concat(Array.from(score(possible))) };
  }

  /** Estimates the cosines of all rows with a probe. */
  #estimate(probe: Float32Array): { estimates: Float64Array; length: number; error: number } {
    const { values, scale, length, error } = toWholeNumbers(probe, this.#levels);
    this.#products.setProbe(values);
    const end = this.#groups.slotCount;
    for (let first = 0; first < end; first += productsAtOnce) {
      const count = Math.min(productsAtOnce, end - first);
      const products = this.#products.multiply(first, count);
      for (let row = 0; row < count; row++) {
        const slot = first + row;
        this.#estimates[slot] = scale * this.#scales[slot]! * products[row]!;
      }
    }
    return { estimates: this.#estimates.subarray(0, end), length, error };
  }
}

function copyTo<T extends Float32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
