import type { RowGroups } from './row-groups.ts';

/**
 * Returns the row with the highest value of each of the groups with the highest values.
 * @param values one for each slot
 * @param limit number of groups; fewer if there are fewer
 * @returns slots in any order
 */
export function nearestGroups(values: Float64Array, groups: RowGroups, limit: number): number[] {
  const bestSlots = new Int32Array(groups.groupCount).fill(-1);
  for (let slot = 0; slot < values.length; slot++) {
    const group = groups.groupOf(slot);
    if (group < 0) continue;
    const best = bestSlots[group]!;
    if (best < 0 || values[slot]! > values[best]!) bestSlots[group] = slot;
  }
  const heap = new SmallestFirst(values, limit);
  for (const slot of bestSlots) if (slot >= 0) heap.offer(slot);
  return heap.slots;
}

/** Keeps the slots with the highest values, in a heap whose root has the smallest of them. */
class SmallestFirst {
  readonly slots: number[] = [];
  readonly #values: Float64Array;
  readonly #limit: number;

  constructor(values: Float64Array, limit: number) {
    this.#values = values;
    this.#limit = limit;
  }

  offer(slot: number): void {
    if (this.slots.length < this.#limit) {
      this.slots.push(slot);
      this.#rise(this.slots.length - 1);
    } else if (this.#values[slot]! > this.#valueAt(0)) {
      this.slots[0] = slot;
      this.#sink(0);
    }
  }

  #valueAt(place: number): number {
    return this.#values[this.slots[place]!]!;
  }

  #swap(a: number, b: number): void {
    [this.slots[a], this.slots[b]] = [this.slots[b]!, this.slots[a]!];
  }

  #rise(start: number): void {
    for (let place = start; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (this.#valueAt(parent) <= this.#valueAt(place)) return;
      this.#swap(parent, place);
      place = parent;
    }
  }

  #sink(start: number): void {
    for (let place = start; ; ) {
      const left = 2 * place + 1;
      let smallest = place;
      for (const child of [left, left + 1]) {
        if (child < this.slots.length && this.#valueAt(child) < this.#valueAt(smallest)) smallest = child;
      }
      if (smallest === place) return;
      this.#swap(place, smallest);
      place = smallest;
    }
  }
}
