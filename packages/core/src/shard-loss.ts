import { type ClassShard, type ShardScope, sharding, shardOf } from './class-shard.ts';
import { consecutivePart } from './consecutive-part.ts';
import type { OpenSetLoss } from './contract.ts';
import { ConfigError, checkNumber } from './errors.ts';
import { bankShardOperations } from './shard-operations.ts';

/**
 * Returns the loss that `create` makes, as one of the shards of a loss whose classes are split over ranks. Each rank creates its own shard.
 *
 * A shard has the options and `numClasses` of the whole loss. Every variable with rows for the classes, such as class weights, a bias for each
 * class, sample memories and prototypes, holds only the rows of the shard: consecutive classes, as many as those of any other shard or one more.
 * Their initial values are those of the whole loss. `trainable`, `memory`, `getState` and `setState` are those of the shard; `shardOf` says which
 * rows a variable or a tensor of the state holds. Variables without rows for classes, such as a unified bias, are whole, and equal on all ranks.
 *
 * `shardedLossGradients` computes with it, on all ranks together. `forward` alone throws.
 *
 * @param create creates a loss, also one with nested losses, by its constructor or `createLoss`; synchronous
 * @throws ConfigError for a rank out of range, or more ranks than classes; what `create` throws
 * @example
 * import { shardLoss, shardOf } from '@openset/core';
 * import { BceUnifiedLoss } from '@openset/bce-unified';
 * import '@tensorflow/tfjs';
 *
 * const create = () => new BceUnifiedLoss({ numClasses: 10, embeddingSize: 8 });
 * const loss = shardLoss({ rank: 1, size: 3 }, create);
 * const { start, count, total } = shardOf(loss.weight)!; // 3, 3, 10
 */
export function shardLoss<Loss extends OpenSetLoss>(shard: ClassShard, create: () => Loss): Loss {
  const { rank, size } = shard;
  checkNumber('shardLoss: size', size, { minimum: 1, integer: true });
  checkNumber('shardLoss: rank', rank, { minimum: 0, maximum: size - 1, integer: true });
  if (sharding.scope)
    throw new ConfigError(
      'shardLoss was called inside another shardLoss: call it once, around the whole loss.',
    );
  sharding.operations = bankShardOperations;
  sharding.scope = scopeOf({ rank, size });
  try {
    return create();
  } finally {
    sharding.scope = null;
  }
}

function scopeOf(shard: ClassShard): ShardScope {
  const { rank, size } = shard;
  return {
    ...shard,
    rowsOf({ name, numClasses }, rowsOfEach) {
      if (size > numClasses) {
        throw new ConfigError(
          `${name} has ${numClasses} ${numClasses === 1 ? 'class' : 'classes'}, which ${size} ranks cannot share: every rank needs at least one. ` +
            `Start at most ${numClasses}, or do not shard the classes.`,
        );
      }
      const { from, to } = consecutivePart(numClasses, { index: rank, count: size });
      return {
        ...shard,
        rowsOfEach,
        start: from * rowsOfEach,
        count: (to - from) * rowsOfEach,
        total: numClasses * rowsOfEach,
      };
    },
    refuseInspect(name) {
      throw new ConfigError(`${name}: inspect compares with all classes, but this is one shard of them.`);
    },
  };
}

/** Returns whether a loss is a shard: some of its variables hold the rows of a part of the classes. */
export function isSharded(loss: Pick<OpenSetLoss, 'trainable' | 'memory'>): boolean {
  return [...loss.trainable, ...loss.memory].some((variable) => shardOf(variable) !== null);
}
