import { checkNumber } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import { randomFor } from './seeds.ts';

/**
 * Selects the records of an epoch and their order. The order depends only on the epoch, so that a run can resume
 * anywhere.
 */
export interface Sampler {
  /** Number of positions in an epoch, the same for every epoch. */
  readonly length: number;
  /** Batch size, if the order consists of batches that must not be split. */
  readonly batchSize?: number;
  /**
   * Returns the records of an epoch, `[length]`; a record may occur several times.
   * @param epoch from 0
   */
  order(epoch: number): Int32Array;
}

/**
 * Returns a sampler of all records in the order of the set, for tests and feature extraction.
 * @param size number of records in the set
 * @throws ConfigError if the size is not an integer
 */
export function sequentialSampler(size: number): Sampler {
  checkNumber('sequentialSampler: size', size, { minimum: 0, integer: true });
  return { length: size, order: () => Int32Array.from({ length: size }, (_, index) => index) };
}

/**
 * Returns a sampler of all records, each once, in a new random order for every epoch.
 * @param size number of records in the set
 * @param options `seed`, default 0
 * @throws ConfigError if size or seed are not integers
 */
export function shuffledSampler(size: number, { seed = 0 }: { readonly seed?: number } = {}): Sampler {
  const { length, order } = sequentialSampler(size);
  checkNumber('shuffledSampler: seed', seed, { integer: true });
  return { length, order: (epoch) => shuffle(order(epoch), randomFor(seed, epoch)) };
}
