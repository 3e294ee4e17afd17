import { GrowingArray } from './growing-array.ts';

/** Pairs of images, by path. */
export interface PairList {
  /** Path of the first image of each pair. */
  readonly first: readonly string[];
  /** Path of the second image of each pair. */
  readonly second: readonly string[];
  /** 1 for a pair of the same person, 0 for a pair of two people. */
  readonly isSame: Uint8Array;
  /** Fold of each pair, from 0; null if the list has no folds. */
  readonly folds: Int32Array | null;
}

/** Builds a list of pairs. */
export class PairCollector {
  readonly #first: string[] = [];
  readonly #second: string[] = [];
  readonly #isSame = new GrowingArray((length) => new Uint8Array(length));
  readonly #folds = new GrowingArray((length) => new Int32Array(length));

  /**
   * Adds a pair.
   * @param fold fold of the pair, from 0; omitted for all pairs of a list without folds
   */
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
