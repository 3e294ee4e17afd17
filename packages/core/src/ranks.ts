/** Values that ranks exchange. */
export type RankValues = Float32Array | Int32Array | Uint8Array;

/**
 * The ranks of a data-parallel run: processes that train one network together, each on its rows of every batch. `dataParallel` of
 * `@openset/distributed` returns them. All ranks call the same methods in the same order, and wait for each other.
 */
export interface Ranks {
  /** Number of this rank, from 0. */
  readonly rank: number;
  /** Number of ranks, at least 1. */
  readonly size: number;
  /** Returns the values of all ranks, which may have different lengths, by rank. */
  gather<T extends RankValues>(values: T): Promise<readonly T[]>;
  /** Replaces the values of arrays by their sums over all ranks. The arrays have the same lengths in the same order on all ranks. */
  sum(arrays: readonly Float32Array[]): Promise<void>;
  /**
   * Starts a sum over all ranks of arrays that come one after another: the first travel while the program computes the others. Finish it
   * before the next call of these ranks. For gradients, which the ranks may round on their way.
   * @param lengths of the arrays, the same on all ranks
   */
  startSum(lengths: readonly number[]): RankSum;
  /**
   * Replaces values by their sums over all ranks, and blocks this thread until all ranks have called it. Its calls have an order of their own:
   * a sum that was started before may be under way. Ranks in one process, whose
   * thread runs them all, lack it.
   */
  sumNow?(values: Float64Array): void;
  /**
   * Returns the seconds that the calls of this rank have waited so far, for other ranks and for values that travel. Without it, a run does not
   * report the rates of its ranks.
   */
  waitedSeconds?(): number;
}

/** A sum over all ranks that is under way. */
export interface RankSum {
  /**
   * Sets the values of an array, which are copied. Call it once for each array, in any order; arrays with low numbers travel first.
   * @param index number of the array
   */
  set(index: number, values: Float32Array): void;
  /** Resolves to the sums, by array, when all arrays are set and have travelled. The next sum overwrites the memory of the result. */
  finish(): Promise<readonly Float32Array[]>;
  /** When each part of the arrays travelled, in milliseconds of `performance.now()`; complete once `finish` has resolved. */
  readonly spans: readonly TravelSpan[];
}

/** The time between the `start` of an exchange and the moment at which the program noticed its `end`, in milliseconds of `performance.now()`. */
export interface TravelSpan {
  readonly start: number;
  readonly end: number;
}
