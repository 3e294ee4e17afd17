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
}
