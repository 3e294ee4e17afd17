/** A group of rows. */
interface Group {
  /** Whole number below `RowGroups.groupCount`. */
  readonly index: number;
  rows: number;
}

/** Slots of rows, and the group of each. Free slots and numbers of groups are used again. */
export class RowGroups {
  readonly #groups = new Map<number, Group>();
  readonly #freeGroups: number[] = [];
  /** Group of each slot as the caller names it; undefined for an empty slot. */
  readonly #names: (number | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #indices = new Int32Array(64);
  #groupCount = 0;

  /** Number of rows. */
  get rowCount(): number {
    return this.#names.length - this.#freeSlots.length;
  }

  /** All slots are below. */
  get slotCount(): number {
    return this.#names.length;
  }

  /** All numbers of groups are below. */
  get groupCount(): number {
    return this.#groupCount;
  }

  /** Returns the number of a slot's group; -1 for an empty slot. */
  groupOf(slot: number): number {
    return this.#indices[slot]!;
  }

  /** Takes a slot for a row, and returns it. */
  add(name: number): number {
    const slot = this.#freeSlots.pop() ?? this.#names.length;
    const group = this.#groups.get(name) ?? { index: this.#freeGroups.pop() ?? this.#groupCount++, rows: 0 };
    group.rows++;
    this.#groups.set(name, group);
    this.#names[slot] = name;
    if (slot >= this.#indices.length) {
      const larger = new Int32Array(2 * this.#indices.length);
      larger.set(this.#indices);
      this.#indices = larger;
    }
    this.#indices[slot] = group.index;
    return slot;
  }

  /** Frees a slot; returns false if it is empty. */
  remove(slot: number): boolean {
    const name = this.#names[slot];
    if (name === undefined) return false;
    const group = this.#groups.get(name)!;
    if (--group.rows === 0) {
      this.#groups.delete(name);
      this.#freeGroups.push(group.index);
    }
    this.#names[slot] = undefined;
    this.#indices[slot] = -1;
    this.#freeSlots.push(slot);
    return true;
  }
}
