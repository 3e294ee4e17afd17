type TypedArray = Int32Array | Uint8Array | Float32Array | Float64Array;

/** A typed array that grows, for files whose number of entries is known at their end. */
export class Column<T extends TypedArray> {
  #values: T;
  #length = 0;
  readonly #make: (length: number) => T;

  /** @param make makes an empty array: `(length) => new Int32Array(length)` */
  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#values = make(64);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.#make(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** The values, in an array of their number. */
  toArray(): T {
    const exact = this.#make(this.#length);
    exact.set(this.#values.subarray(0, this.#length));
    return exact;
  }
}
