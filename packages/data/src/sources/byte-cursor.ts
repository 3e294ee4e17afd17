import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';

/**
 * Reads a file from front to back through a window, so that small fields cost no read of their own and large ones can
 * be skipped without being read.
 *
 * Fields are read synchronously from the window; `prefetch` fills it before.
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

  /** Offset in the file of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Bytes up to the end of the file. */
  get remaining(): number {
    return this.file.size - this.#position;
  }

  /** Whether the next `length` bytes are in the window. */
  has(length: number): boolean {
    return this.#position + length <= this.#windowStart + this.#window.length;
  }

  /** Brings the next `length` bytes into the window, or what is left of the file. */
  async prefetch(length: number): Promise<void> {
    if (this.has(Math.min(length, this.remaining))) return;
    const wanted = Math.min(Math.max(length, this.#windowBytes), this.remaining);
    this.#window = await this.file.read(this.#position, wanted);
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

  /** The one big-endian field there is: pickle's BINFLOAT. */
  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /**
   * The next bytes. They may be a view of the window, which is never written to again.
   * @throws DataError if the file ends before; nothing is allocated then
   */
  async bytes(length: number, what: string): Promise<Uint8Array> {
    this.#checkRemaining(length, what);
    await this.prefetch(length);
    const start = this.#advance(length);
    return this.#window.subarray(start, start + length);
  }

  /** @throws DataError if the file ends before */
  skip(length: number, what: string): void {
    this.#checkRemaining(length, what);
    this.#position += length;
  }

  /**
   * Skips the text up to the next line feed, and the line feed.
   * @returns where the text lies, without the line feed
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
      `${this.file.name}, byte ${offset}: ${what} does not end with a line feed; the file is cut off.`,
    );
  }

  /** @returns the place in the window where the bytes begin */
  #advance(length: number): number {
    if (!this.has(length)) this.#checkRemaining(length, 'a field');
    const place = this.#position - this.#windowStart;
    this.#position += length;
    return place;
  }

  #checkRemaining(length: number, what: string): void {
    if (length <= this.remaining) return;
    throw new DataError(
      `${this.file.name}, byte ${this.#position}: ${what} of ${length} bytes begins here, but ${this.remaining} are ` +
        'left; the file is cut off or damaged.',
    );
  }
}
