/** The most similar item of an item. */
export interface NearestItem {
  readonly one: number;
  readonly other: number;
  readonly cosine: number;
}

/** Keeps the most similar item of each item, so memory does not grow with the number of similar pairs. */
export class Nearest {
  readonly #items = new Map<number, NearestItem>();

  add(one: number, other: number, cosine: number): void {
    const known = this.#items.get(one);
    if (!known || cosine > known.cosine) this.#items.set(one, { one, other, cosine });
  }

  /** Returns the most similar item of an item; undefined if it has none. */
  of(one: number): number | undefined {
    return this.#items.get(one)?.other;
  }

  /** Returns all items with their most similar ones, the most similar pairs first. */
  toList(): NearestItem[] {
    return [...this.#items.values()].sort(
      (first, second) => second.cosine - first.cosine || first.one - second.one,
    );
  }
}
