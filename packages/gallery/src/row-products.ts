/** Products of a probe with the rows of an index. */
export interface RowProducts {
  /** Makes room for so many rows. @throws RangeError if there is no memory */
  reserve(rows: number): void;
  /** Writes a row; null for zeros. */
  write(row: number, values: Int8Array | null): void;
  /** Sets the probe of the next products. */
  setProbe(probe: Int16Array): void;
  /**
   * Computes `Σ row[k] · probe[k]`.
   * @param count at most `productsAtOnce`
   * @returns `[count]`, valid until the next call
   */
  multiply(first: number, count: number): Int32Array;
}

/** Number of rows of one call of `multiply`. */
export const productsAtOnce = 1024;

/** Products in plain JavaScript, for engines without WebAssembly SIMD. */
export class PlainProducts implements RowProducts {
  readonly #size: number;
  #rows = new Int8Array(0);
  #probe: Int16Array = new Int16Array(0);
  readonly #products = new Int32Array(productsAtOnce);

  constructor(size: number) {
    this.#size = size;
  }

  reserve(rows: number): void {
    if (rows * this.#size <= this.#rows.length) return;
    const larger = new Int8Array(rows * this.#size);
    larger.set(this.#rows);
    this.#rows = larger;
  }

  write(row: number, values: Int8Array | null): void {
    const start = row * this.#size;
    if (values) this.#rows.set(values, start);
    else this.#rows.fill(0, start, start + this.#size);
  }

  setProbe(probe: Int16Array): void {
    this.#probe = probe;
  }

  multiply(first: number, count: number): Int32Array {
    const [rows, probe, size] = [this.#rows, this.#probe, this.#size];
    for (let row = 0; row < count; row++) {
      const start = (first + row) * size;
      let sum = 0;
      for (let k = 0; k < size; k++) sum += rows[start + k]! * probe[k]!;
      this.#products[row] = sum;
    }
    return this.#products;
  }
}
