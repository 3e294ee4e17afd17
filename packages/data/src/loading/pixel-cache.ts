/** Least number of bytes that the cache allocates at once; a block holds whole images. */
const blockBytes = 16 * 2 ** 20;

/** Size and limit of a `PixelCache`. */
export interface PixelCacheOptions {
  /** Number of records of the set. */
  readonly records: number;
  /** Size of a decoded image in bytes. */
  readonly imageBytes: number;
  /** Limit on the memory in bytes. */
  readonly limit: number;
  /** Allocates memory, which the threads that decode must share. */
  allocate(bytes: number): ArrayBufferLike;
}

/** State of a record that has no place in memory, and of one whose pixels are still being decoded. */
const absent = 0;
const reserved = 1;
const complete = 2;

/**
 * Keeps decoded images in memory, before augmentation, so that later epochs need not decode them. The first images that
 * are decoded stay; none is ever replaced. Every epoch reads each record once in a new order, so a cache that replaces
 * the oldest images would find none of them again, and any fixed part of the set is as good as another.
 */
export class PixelCache {
  /** Number of images that fit. */
  readonly capacity: number;
  readonly #options: PixelCacheOptions;
  readonly #imagesPerBlock: number;
  readonly #blocks: Uint8Array[] = [];
  readonly #states: Uint8Array;
  /** Place of each record that is not absent. */
  readonly #places: Int32Array;
  /** Places given back by records that could not be decoded. */
  readonly #free: number[] = [];
  #used = 0;

  constructor(options: PixelCacheOptions) {
    const { records, imageBytes, limit } = options;
    this.capacity = Math.min(records, Math.floor(limit / imageBytes));
    this.#options = options;
    this.#imagesPerBlock = Math.max(1, Math.min(this.capacity, Math.floor(blockBytes / imageBytes)));
    this.#states = new Uint8Array(records);
    this.#places = new Int32Array(records);
  }

  /** Number of bytes allocated so far; grows as images are decoded, and never exceeds the limit. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Returns the pixels of a record; null if they are not in memory. The caller must not change them. */
  get(index: number): Uint8Array | null {
    return this.#states[index] === complete ? this.#pixels(this.#places[index]!) : null;
  }

  /**
   * Reserves memory for the pixels of a record, which the caller fills and then completes or releases.
   * @returns null if the memory is full, or if the record has its place already
   */
  reserve(index: number): Uint8Array | null {
    if (this.#states[index] !== absent) return null;
    const place = this.#free.pop() ?? (this.#used < this.capacity ? this.#used++ : null);
    if (place === null) return null;
    this.#states[index] = reserved;
    this.#places[index] = place;
    return this.#pixels(place);
  }

  /** Keeps the pixels of a reserved record. */
  complete(index: number): void {
    this.#states[index] = complete;
  }

  /** Gives up the memory of a reserved record. */
  release(index: number): void {
    this.#states[index] = absent;
    this.#free.push(this.#places[index]!);
  }

  #pixels(place: number): Uint8Array {
    const { imageBytes, allocate } = this.#options;
    const block = Math.floor(place / this.#imagesPerBlock);
    // Places are given in order, so the blocks before this one exist.
    if (!this.#blocks[block]) {
      const images = Math.min(this.#imagesPerBlock, this.capacity - block * this.#imagesPerBlock);
      this.#blocks[block] = new Uint8Array(allocate(images * imageBytes));
    }
    const start = (place % this.#imagesPerBlock) * imageBytes;
    return this.#blocks[block]!.subarray(start, start + imageBytes);
  }
}
