import { ConfigError, checkNumber } from '@openset/core';
import type { Sampler } from './sampler.ts';

/** One part of a data-parallel run. */
export interface Shard {
  /** Which part, from 0. */
  readonly index: number;
  /** How many parts there are. */
  readonly count: number;
}

/** Which places of an epoch make which batch. */
export interface BatchPlan {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /** The places of the order that make a batch, from `from` up to but not including `to`. */
  placesOf(batch: number): { readonly from: number; readonly to: number };
}

/**
 * Cuts an epoch into groups of `count` batches and gives each shard one batch of every group, so that all shards have
 * the same steps and together all places. What is left at the end is shared evenly, or dropped: where `dropLast` says
 * so, and where the sampler has made batches that must stay whole.
 *
 * @throws ConfigError if there is no batch, or options are out of their range
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
      `createLoader: batchSize is ${batchSize}, but the sampler makes batches of ${sampler.batchSize}; leave it out.`,
    );
  }
  const groupSize = batchSize * shard.count;
  const groups = Math.floor(sampler.length / groupSize);
  const left = dropLast || sampler.batchSize !== undefined ? 0 : sampler.length - groups * groupSize;
  const leftFor = (index: number) => groups * groupSize + Math.floor((left * index) / shard.count);
  const tail = { from: leftFor(shard.index), to: leftFor(shard.index + 1) };
  const batchesPerEpoch = groups + (tail.to > tail.from ? 1 : 0);
  if (batchesPerEpoch === 0) {
    const parts = shard.count > 1 ? ` for each of ${shard.count} shards` : '';
    throw new ConfigError(
      `createLoader: ${sampler.length} records make no batch of ${batchSize}${parts}; ` +
        'lower batchSize, or leave dropLast out.',
    );
  }
  return {
    batchSize,
    batchesPerEpoch,
    placesOf: (batch) => {
      if (batch >= groups) return tail;
      const from = batch * groupSize + shard.index * batchSize;
      return { from, to: from + batchSize };
    },
  };
}
