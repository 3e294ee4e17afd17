/** Number of 32-bit words of a key. */
const keyWords = 4;
/** Marks an empty slot. */
const empty = 0xffffffff;

/**
 * A map from 16-byte keys to row numbers in typed arrays: about 40 bytes for an entry, where a Map of strings takes 200.
 * Keys must be uniformly distributed, as hashes are.
 */
export class RowTable {
  #keys: Uint32Array;
  #rows: Uint32Array;
  #count = 0;

  /** @param expected number of entries, to avoid growing */
  constructor(expected = 0) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * expected)));
    this.#keys = new Uint32Array(keyWords * slots);
    this.#rows = new Uint32Array(slots).fill(empty);
  }

  /** Number of keys. */
  get size(): number {
    return this.#count;
  }

  /** Returns the row of a key; undefined if the table has none. */
  get(key: Uint8Array): number | undefined {
    const row = this.#rows[this.#slotOf(wordsOf(key))]!;
    return row === empty ? undefined : row;
  }

  /** Sets the row of a key. */
  set(key: Uint8Array, row: number): void {
    if (2 * (this.#count + 1) > this.#rows.length) this.#grow();
    this.#insert(wordsOf(key), row);
  }

  #insert(words: Uint32Array, row: number): void {
    const slot = this.#slotOf(words);
    if (this.#rows[slot] === empty) this.#count++;
    this.#keys.set(words, keyWords * slot);
    this.#rows[slot] = row;
  }

  /** Returns the slot of a key, or the empty one where it belongs. */
  #slotOf(words: Uint32Array): number {
    const mask = this.#rows.length - 1;
    for (let slot = words[0]! & mask; ; slot = (slot + 1) & mask) {
      if (this.#rows[slot] === empty) return slot;
      const at = keyWords * slot;
      if (words.every((word, index) => this.#keys[at + index] === word)) return slot;
    }
  }

  #grow(): void {
    const [keys, rows] = [this.#keys, this.#rows];
    this.#keys = new Uint32Array(2 * keys.length);
    this.#rows = new Uint32Array(2 * rows.length).fill(empty);
    this.#count = 0;
    for (const [slot, row] of rows.entries()) {
      if (row !== empty) this.#insert(keys.subarray(keyWords * slot, keyWords * (slot + 1)), row);
    }
  }
}

/** Returns the words of a key, whose bytes may start anywhere. */
function wordsOf(key: Uint8Array): Uint32Array {
  return new Uint32Array(key.slice(0, 4 * keyWords).buffer);
}
