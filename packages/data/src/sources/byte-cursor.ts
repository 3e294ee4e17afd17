import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';

/**
 * Reads a file sequentially through a window: small fields share one read, and large fields can be skipped without
 * reading them.
 *
 * `prefetch` fills the window; fields are then read from it synchronously.
 */
export class ByteCursor {
  readonly file: ByteFile;
  readonly #windowBytes: number;
  #window: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  #windowStart = 0;
  #position: number;

  constructor(file: ByteFile, { position = 0, windowBytes = 65_536 } = {}) {
    this.file = file;
    this.#position = position;
    this.#windowStart = position;
    this.#windowBytes = windowBytes;
  }

  /** Offset of the next byte in the file. */
  get position(): number {
    return this.#position;
  }

  /** Number of bytes up to the end of the file. */
  get remaining(): number {
    return this.file.size - this.#position;
  }

  /** Checks whether the next `length` bytes are in the window. */
  has(length: number): boolean {
    return this.#position + length <= this.#windowStart + this.#window.length;
  }

  /** Reads the next `length` bytes into the window, or the rest of the file if it is shorter. */
  async prefetch(length: number): Promise<void> {
    if (this.has(Math.min(length, this.remaining))) return;
    const readBytes = Math.min(Math.max(length, this.#windowBytes), this.remaining);
    this.#window = await this.file.read(this.#position, readBytes);
    this.#view = new DataView(this.#window.buffer, this.#window.byteOffset, this.#window.byteLength);
    this.#windowStart = this.#position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** Reads the only big-endian field of these formats: pickle's BINFLOAT. */
  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /**
   * Reads the next bytes. The result may be a view of the window, which is not overwritten later.
   * @param what name of the field, for messages
   * @throws DataError if the file ends before, without allocating anything
   */
  async bytes(length: number, what: string): Promise<Uint8Array> {
    this.#checkRemaining(length, what);
    await this.prefetch(length);
    const start = this.#advance(length);
    return this.#window.subarray(start, start + length);
  }

  /**
   * Skips the next bytes.
   * @throws DataError if the file ends before
   */
  skip(length: number, what: string): void {
    this.#checkRemaining(length, what);
    this.#position += length;
  }

  /**
   * Skips the text up to the next line feed, and the line feed.
   * @returns the position of the text in the file, without the line feed
   * @throws DataError if the file ends before
   */
  async skipLine(what: string): Promise<{ offset: number; length: number }> {
    const offset = this.#position;
    while (this.remaining > 0) {
      await this.prefetch(1);
      const start = this.#position - this.#windowStart;
      const end = this.#window.indexOf(0x0a, start);
      if (end >= 0) {
        this.#position += end + 1 - start;
        return { offset, length: this.#position - 1 - offset };
      }
      this.#position = this.#windowStart + this.#window.length;
    }
    throw new DataError(
      `${this.file.name}, byte ${offset}: ${what} does not end with a line feed; the file is truncated.`,
    );
  }

  /** Advances by `length` bytes and returns their start in the window. */
  #advance(length: number): number {
    if (!this.has(length)) this.#checkRemaining(length, 'a field');
    const start = this.#position - this.#windowStart;
    this.#position += length;
    return start;
  }

  #checkRemaining(length: number, what: string): void {
    if (length <= this.remaining) return;
    throw new DataError(
      `${this.file.name}, byte ${this.#position}: ${what} of ${length} bytes begins here, but ${this.remaining} are ` +
        'left; the file is truncated or damaged.',
    );
  }
}
