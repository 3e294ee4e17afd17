import type { Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import { shardOperations } from './class-shard.ts';

/**
 * Returns the rows that a shard holds, with their labels as positions in it; null if it holds none. Returns what it gets for a whole variable.
 * @param labels `[batch]` int32, of all classes
 * @param rows `[batch, size]`
 */
export function heldRows(
  variable: Variable,
  labels: Tensor1D,
  rows: Tensor2D,
): { labels: Tensor1D; rows: Tensor2D } | null {
  const shards = shardOperations(variable);
  return shards ? shards.heldRows(variable, labels, rows) : { labels, rows };
}
