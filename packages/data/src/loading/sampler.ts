import { checkNumber } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import { randomFor } from './seeds.ts';

/**
 * Says which records an epoch has and in which order. Depends on the epoch and on nothing else that changes, so that a
 * run can be resumed anywhere.
 */
export interface Sampler {
  /** How many places an epoch has, the same for every epoch. */
  readonly length: number;
  /** Set if the order is made of batches of this size, which must not be cut in another way. */
  readonly batchSize?: number;
  /**
   * The records of an epoch, `[length]`; a record may occur several times.
   * @param epoch from 0
   */
  order(epoch: number): Int32Array;
}

/**
 * All records in the order of the set, in every epoch: for tests and feature extraction.
 * @param size how many records the set has
 * @throws ConfigError if the size is not a whole number
 */
export function sequentialSampler(size: number): Sampler {
  checkNumber('sequentialSampler: size', size, { minimum: 0, integer: true });
  return { length: size, order: () => Int32Array.from({ length: size }, (_, index) => index) };
}

/**
 * All records once, in another random order in every epoch.
 * @param size how many records the set has
 * @param options `seed`, default 0
 * @throws ConfigError if size or seed are not whole numbers
 */
export function shuffledSampler(size: number, { seed = 0 }: { readonly seed?: number } = {}): Sampler {
  const { length, order } = sequentialSampler(size);
  checkNumber('shuffledSampler: seed', seed, { integer: true });
  return { length, order: (epoch) => shuffle(order(epoch), randomFor(seed, epoch)) };
}
