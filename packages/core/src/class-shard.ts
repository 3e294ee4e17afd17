import {
  cast,
  gather,
  type Scalar,
  slice1d,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import type { PendingUpdates } from './bank-update.ts';

/** Rows of a matrix of `total` rows: `count` of them, the first of which is `start`. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
  readonly total: number;
}

/** One of the shards that share the classes of a loss. */
export interface ClassShard {
  /** Number of the rank that holds the shard, from 0. */
  readonly rank: number;
  /** Number of ranks, at least 1. */
  readonly size: number;
}

/** The rows of a variable that a shard holds. */
export interface ShardRows extends RowRange, ClassShard {
  /** Rows of each class: 1, or the number of centers. */
  readonly rowsOfEach: number;
}

/**
 * What computes with shards. `shardLoss` installs it, so that programs that shard nothing do not load its code. Its functions replace those of
 * the same purpose if their bank is part of a shard.
 */
export interface ShardOperations {
  /** Returns the mean loss, and the losses of the rows, which are kept until the caller disposes of them. */
  bankLoss(
    inputs: BankInputs,
    options: ResolvedBankOptions,
    updates?: PendingUpdates,
  ): { loss: Scalar; rowLosses: Tensor1D };
  /** Returns the mean loss alone. @throws ConfigError for the losses of the rows */
  bankLossAlone(inputs: BankInputs, options: ResolvedBankOptions): Scalar;
  /** Returns the log-sum-exp of the negatives of each row over all shards, `[1, batch]`. */
  negativeLogSumExp(
    inputs: Pick<BankInputs, 'embeddings' | 'labels' | 'bank'>,
    options: ResolvedBankOptions,
  ): Tensor2D;
  /** Returns the rows of the classes of the batch, `[batch, size]`. */
  rowsOfBatch(bank: Tensor): Tensor2D;
  /** Returns the mean of all values of a variable with one value for each class. */
  meanOfAll(variable: Tensor): number;
  /** Writes those rows that a shard holds; see `assignRows`. */
  assignRows(variable: Variable, labels: Tensor1D, rows: Tensor2D): void;
  /** Returns the result of `compute` on a variable with rows of the batch replaced; see `withRows`. */
  withRows<Result>(bank: Tensor, rows: Tensor2D, compute: (bank: Tensor2D) => Result): Result;
  /** Returns the rows that a shard holds, with their labels as positions in it; null if it holds none. See `heldRows`. */
  heldRows(variable: Tensor, labels: Tensor1D, rows: Tensor2D): { labels: Tensor1D; rows: Tensor2D } | null;
  /** Returns the classes of a shard that take part in a batch, `[count]` int32, as positions in the shard. */
  sampleClasses(bank: Tensor, rate: number, seed: number): Tensor1D;
}

/** The shard that losses belong to which are created while `shardLoss` runs. */
export interface ShardScope extends ClassShard {
  /**
   * Returns the rows that a variable of a loss holds.
   * @throws ConfigError if there are more ranks than classes
   */
  rowsOf(loss: { readonly name: string; readonly numClasses: number }, rowsOfEach: number): ShardRows;
  /** @throws ConfigError because `inspect` needs all classes */
  refuseInspect(name: string): never;
}

/** The operations, once `shardLoss` has been called, and the shard while it runs. */
export const sharding: { operations?: ShardOperations; scope?: ShardScope | null } = {};

const shards = new WeakMap<Tensor, ShardRows>();

/**
 * Returns which rows of the whole a variable of a loss, or a tensor of `getState()`, holds: `start`, `count` and `total` in rows, and the rank.
 * Null if it is whole.
 */
export function shardOf(tensor: Tensor): ShardRows | null {
  return shards.get(tensor) ?? null;
}

/** Notes that a tensor holds the rows of a shard. */
export function markShard(tensor: Tensor, rows: ShardRows): void {
  shards.set(tensor, rows);
}

/** Notes that a tensor holds the rows of a shard that `source` holds, if it is one. Returns the tensor. */
export function copyShard<T extends Tensor>(tensor: T, source: Tensor): T {
  const rows = shards.get(source);
  if (rows) markShard(tensor, rows);
  return tensor;
}

/** Returns the operations for a bank that is part of a shard; nothing for a whole bank. */
export function shardOperations(bank: Tensor): ShardOperations | undefined {
  return shards.has(bank) ? sharding.operations : undefined;
}

/** Returns the rows of the classes of a batch, `[batch, size]`: those that the shards hold together, if the bank is one of them. */
export function rowsOfLabels(bank: Tensor2D, labels: Tensor1D): Tensor2D {
  return shardOperations(bank)?.rowsOfBatch(bank) ?? gather(bank, cast(labels, 'int32') as Tensor1D);
}

/** Returns the mean over all classes of a variable with a value for each class, of which this is a shard; null for a whole variable. */
export function meanOfShards(variable: Tensor): number | null {
  return shardOperations(variable)?.meanOfAll(variable) ?? null;
}

/** Returns a range of the values of all classes, and disposes of the others. */
export function takeRows(all: Tensor1D, { start, count, total }: RowRange): Tensor1D {
  if (count === total) return all;
  const rows = slice1d(all, start, count);
  all.dispose();
  return rows;
}
