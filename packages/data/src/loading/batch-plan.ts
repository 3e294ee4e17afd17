import { ConfigError, checkNumber } from '@openset/core';
import type { Sampler } from './sampler.ts';

/** The share of one process in a data-parallel run. */
export interface Shard {
  /** Index of the process, from 0. */
  readonly index: number;
  /** Number of processes. */
  readonly count: number;
}

/** Division of an epoch into batches. */
export interface BatchPlan {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /** Returns the positions `[from, to)` of a batch in the epoch's order. */
  rangeOf(batch: number): { readonly from: number; readonly to: number };
}

/**
 * Divides an epoch into groups of `shard.count` batches and gives each shard one batch of every group. So all shards
 * take the same number of steps and together cover every position. Shards share the remainder evenly; it is dropped
 * with `dropLast`, and for samplers whose batches must not be split.
 *
 * @throws ConfigError if there is no batch, or for options out of range
 */
export function planBatches(
  sampler: Sampler,
  options: { readonly batchSize?: number; readonly dropLast?: boolean; readonly shard?: Shard },
): BatchPlan {
  const { dropLast = false, shard = { index: 0, count: 1 } } = options;
  const { batchSize = sampler.batchSize as number } = options;
  checkNumber('createLoader: batchSize', batchSize, { minimum: 1, integer: true });
  checkNumber('createLoader: shard.count', shard.count, { minimum: 1, integer: true });
  checkNumber('createLoader: shard.index', shard.index, {
    minimum: 0,
    maximum: shard.count - 1,
    integer: true,
  });
  if (sampler.batchSize !== undefined && sampler.batchSize !== batchSize) {
    throw new ConfigError(
      `createLoader: batchSize is ${batchSize}, but the sampler makes batches of ${sampler.batchSize}; omit batchSize.`,
    );
  }
  const groupSize = batchSize * shard.count;
  const groups = Math.floor(sampler.length / groupSize);
  const remainder = dropLast || sampler.batchSize !== undefined ? 0 : sampler.length - groups * groupSize;
  const tailStart = (index: number) => groups * groupSize + Math.floor((remainder * index) / shard.count);
  const tail = { from: tailStart(shard.index), to: tailStart(shard.index + 1) };
  const batchesPerEpoch = groups + (tail.to > tail.from ? 1 : 0);
  if (batchesPerEpoch === 0) {
    const shards = shard.count > 1 ? ` for each of ${shard.count} shards` : '';
    throw new ConfigError(
      `createLoader: ${sampler.length} records do not fill a batch of ${batchSize}${shards}.`,
      { advice: { option: 'dropLast', text: 'Lower batchSize, or omit dropLast.' } },
    );
  }
  return {
    batchSize,
    batchesPerEpoch,
    rangeOf: (batch) => {
      if (batch >= groups) return tail;
      const from = batch * groupSize + shard.index * batchSize;
      return { from, to: from + batchSize };
    },
  };
}
