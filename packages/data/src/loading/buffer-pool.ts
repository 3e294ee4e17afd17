/** A pool of buffers for reuse. Allocating, clearing and collecting buffers costs time. */
export class BufferPool {
  readonly #free: Float32Array[] = [];

  /** Returns an array of `length` numbers with unspecified content. */
  acquire(length: number): Float32Array {
    const found = this.#free.findIndex((buffer) => buffer.length === length);
    return found < 0 ? new Float32Array(length) : this.#free.splice(found, 1)[0]!;
  }

  /**
   * Keeps a buffer for reuse.
   * @param limit number of buffers to keep; the oldest is dropped, so that lengths no longer needed do not accumulate
   */
  release(buffer: Float32Array, limit: number): void {
    this.#free.push(buffer);
    if (this.#free.length > limit) this.#free.shift();
  }
}
