import type * as tf from '@tensorflow/tfjs-core';
import { type ClassShard, type ShardRows, shardOf } from './class-shard.ts';
import { ConfigError } from './errors.ts';

/** What the first pass of an operation passes on to the second one. */
export interface FirstPass {
  /** Sums over this shard, `Criterion.sums`; in the second pass the totals over all shards, `BankShard.totals`. */
  readonly sums: tf.Tensor2D;
  /** What the kernel has kept; null without one. */
  readonly workspace: tf.Tensor | null;
}

/** What the shards of a loss know of the batch that they score together. */
export interface ShardBatch {
  readonly shard: ClassShard;
  /** `[batch]`; null with soft targets. */
  readonly labels: ArrayLike<number> | null;
  /** For each variable with rows for classes, those of each sample's own class, `[batch · centers, size]`. */
  readonly ownRows: Map<tf.Tensor, tf.Tensor2D>;
  /** For each variable with a value for each class, the mean over all classes. */
  readonly means: ReadonlyMap<tf.Tensor, number>;
  /** Takes what the first pass of each operation passes on, in their order. Null in the second pass. */
  readonly firstPasses: FirstPass[] | null;
  /** Returns what the first pass of the next operation has passed on, in the second pass. */
  readonly nextPass: () => FirstPass;
}

let active: ShardBatch | null = null;

/** Runs `compute`, synchronously, with a batch for the operations of a shard. */
export function withShardBatch<Result>(batch: ShardBatch, compute: () => Result): Result {
  const before = active;
  active = batch;
  try {
    return compute();
  } finally {
    active = before;
  }
}

/** @throws ConfigError outside `withShardBatch` */
export function activeBatch(): ShardBatch {
  if (active) return active;
  throw new ConfigError(
    'This loss is one shard of its classes, which alone cannot compute: call shardedLossGradients on all ranks, instead of forward, minimize or lossGradients.',
  );
}

/** Returns the range of classes of a bank that is a shard. */
export function classesOf(bank: tf.Tensor): { start: number; count: number; total: number } {
  const { start, count, total, rowsOfEach } = shardOf(bank) as ShardRows;
  return { start: start / rowsOfEach, count: count / rowsOfEach, total: total / rowsOfEach };
}

/** Returns the labels as positions in a range of classes, −1 for classes outside of it. */
export function positionsIn(
  { start, count }: { readonly start: number; readonly count: number },
  labels: ArrayLike<number>,
): Int32Array {
  return Int32Array.from(labels, (label) => {
    const place = label - start;
    return place >= 0 && place < count ? place : -1;
  });
}
