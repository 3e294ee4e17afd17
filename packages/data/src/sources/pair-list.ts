import { Column } from './column.ts';

/** Pairs of pictures by their paths. */
export interface PairList {
  /** Path of the first picture of each pair. */
  readonly first: readonly string[];
  /** Path of the second. */
  readonly second: readonly string[];
  /** 1 where the pictures of a pair show the same person, 0 where they do not. */
  readonly isSame: Uint8Array;
  /** The fold of each pair, counted from 0; null where the list has none. */
  readonly folds: Int32Array | null;
}

/** Collects the pairs of a list. */
export class PairCollector {
  readonly #first: string[] = [];
  readonly #second: string[] = [];
  readonly #isSame = new Column((length) => new Uint8Array(length));
  readonly #folds = new Column((length) => new Int32Array(length));

  /** @param fold counted from 0; left out for all pairs where the list has no folds */
  add(first: string, second: string, isSame: boolean, fold?: number): void {
    this.#first.push(first);
    this.#second.push(second);
    this.#isSame.push(isSame ? 1 : 0);
    if (fold !== undefined) this.#folds.push(fold);
  }

  get size(): number {
    return this.#first.length;
  }

  toList(): PairList {
    const folds = this.#folds.length === this.size ? this.#folds.toArray() : null;
    return { first: this.#first, second: this.#second, isSame: this.#isSame.toArray(), folds };
  }
}
