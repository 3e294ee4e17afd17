/**
 * Memory of batches that receivers gave back. New memory must be cleared, mapped and collected again, which takes
 * about a tenth of the time of decoding small images.
 */
export class BatchBuffers {
  readonly #free: Float32Array[] = [];
  /** Keeps memory that is not of a batch, or was given back already, out. */
  readonly #delivered = new WeakSet<ArrayBufferLike>();

  /** @returns `length` numbers with any content */
  take(length: number): Float32Array {
    const found = this.#free.findIndex((buffer) => buffer.length === length);
    return found < 0 ? new Float32Array(length) : this.#free.splice(found, 1)[0]!;
  }

  /** The images leave the loader. */
  deliver(images: Float32Array): void {
    this.#delivered.add(images.buffer);
  }

  /**
   * The images came back.
   * @param limit how many are kept; the oldest go, so that lengths that do not come again do not fill the place
   */
  giveBack(images: Float32Array, limit: number): void {
    if (!this.#delivered.delete(images.buffer)) return;
    this.#free.push(new Float32Array(images.buffer));
    if (this.#free.length > limit) this.#free.shift();
  }
}
