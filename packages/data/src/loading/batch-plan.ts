import { ConfigError, checkNumber, consecutivePart, type PartRange } from '@openset/core';
import type { Sampler } from './sampler.ts';

/** The share of one process in a data-parallel run. */
export interface Shard {
  /** Index of the process, from 0. */
  readonly index: number;
  /** Number of processes. */
  readonly count: number;
}

/** Options of `planBatches`; see `LoaderOptions`. */
export interface BatchPlanOptions {
  readonly batchSize?: number;
  readonly dropLast?: boolean;
  readonly shard?: Shard;
  readonly part?: Shard;
}

/** Division of an epoch into batches. */
export interface BatchPlan {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  /** Returns the positions `[from, to)` of a batch in the epoch's order; with `part`, those of this process, which may be none. */
  rangeOf(batch: number): PartRange;
}

/**
 * Divides an epoch into groups of `shard.count` batches and gives each shard one batch of every group. So all shards
 * take the same number of steps and together cover every position. Shards share the remainder evenly; it is dropped
 * with `dropLast`, and for samplers whose batches must not be split.
 *
 * @throws ConfigError if there is no batch, or for options out of range
 */
export function planBatches(sampler: Sampler, options: BatchPlanOptions): BatchPlan {
  const { dropLast = false, shard = { index: 0, count: 1 }, part } = options;
  const { batchSize = sampler.batchSize as number } = options;
  checkNumber('createLoader: batchSize', batchSize, { minimum: 1, integer: true });
  checkShard('shard', shard);
  if (part) checkShard('part', part);
  if (part && options.shard) {
    throw new ConfigError(
      'createLoader: shard gives this process whole batches, and part a part of every batch; omit one of them.',
    );
  }
  if (sampler.batchSize !== undefined && sampler.batchSize !== batchSize) {
    throw new ConfigError(
      `createLoader: batchSize is ${batchSize}, but the sampler makes batches of ${sampler.batchSize}; omit batchSize.`,
    );
  }
  const groupSize = batchSize * shard.count;
  const groups = Math.floor(sampler.length / groupSize);
  const remainder = dropLast || sampler.batchSize !== undefined ? 0 : sampler.length - groups * groupSize;
  const tail = shifted(consecutivePart(remainder, shard), groups * groupSize);
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
      const from = batch * groupSize + shard.index * batchSize;
      const range = batch >= groups ? tail : { from, to: from + batchSize };
      return part ? shifted(consecutivePart(range.to - range.from, part), range.from) : range;
    },
  };
}

function shifted({ from, to }: PartRange, start: number): PartRange {
  return { from: start + from, to: start + to };
}

function checkShard(name: string, { index, count }: Shard): void {
  checkNumber(`createLoader: ${name}.count`, count, { minimum: 1, integer: true });
  checkNumber(`createLoader: ${name}.index`, index, { minimum: 0, maximum: count - 1, integer: true });
}
