type TypedArray = Int32Array | Uint8Array | Float32Array | Float64Array;

/** A typed array that grows, for files whose number of entries is unknown until their end. */
export class GrowingArray<T extends TypedArray> {
  #values: T;
  #length = 0;
  readonly #allocate: (length: number) => T;

  /** @param allocate creates an array: `(length) => new Int32Array(length)` */
  constructor(allocate: (length: number) => T) {
    this.#allocate = allocate;
    this.#values = allocate(64);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.#allocate(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** Returns a copy of the values, without spare capacity. */
  toArray(): T {
    const exact = this.#allocate(this.#length);
    exact.set(this.#values.subarray(0, this.#length));
    return exact;
  }
}
