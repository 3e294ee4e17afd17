import { ConfigError, checkNumber, DataError } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import { type ClassMembers, createMemberDraw, groupByClass } from './class-members.ts';
import type { Sampler } from './sampler.ts';
import { randomFor } from './seeds.ts';

/** Options of `identitySampler`. */
export interface IdentitySamplerOptions {
  /** P: number of different classes in a batch. */
  readonly identities: number;
  /** K: number of records of each class in a batch. */
  readonly images: number;
  /** Whether to sample classes of fewer than K records, with repetitions in a batch; default false, which skips them. */
  readonly repeatImages?: boolean;
  /** Number of batches in an epoch; default: as many as the records of the sampled classes fill. */
  readonly batchesPerEpoch?: number;
  /** Seed of the order; default 0. */
  readonly seed?: number;
}

/**
 * Returns a sampler of batches with P classes and K consecutive records of each (Hermans et al. 2017), for losses that
 * compare the records of a batch. It cycles through the classes in random order; a cycle ends early if the remaining
 * classes do not fill a batch. It cycles through the records of each class in the same way.
 *
 * @param labels the class of each record: `source.labels`
 * @throws DataError if fewer than P classes have K records; ConfigError for options that are not positive integers
 */
export function identitySampler(labels: Int32Array, options: IdentitySamplerOptions): Sampler {
  const { identities, images, repeatImages = false, seed = 0 } = options;
  checkNumber('identitySampler: identities', identities, { minimum: 1, integer: true });
  checkNumber('identitySampler: images', images, { minimum: 1, integer: true });
  checkNumber('identitySampler: seed', seed, { integer: true });
  const groups = groupByClass(labels, repeatImages ? 1 : images);
  const found = groups.classes.length;
  if (found < identities) {
    const enough = repeatImages ? 'any records' : `at least ${images} records`;
    throw new DataError(
      `identitySampler: a batch needs ${identities} classes, but only ${found} have ${enough}; ` +
        `lower 'identities'${repeatImages ? '' : " or 'images', or set 'repeatImages'"}.`,
    );
  }
  const batchSize = identities * images;
  const records = groups.members.reduce((sum, { length }) => sum + length, 0);
  const { batchesPerEpoch = Math.max(1, Math.floor(records / batchSize)) } = options;
  checkNumber('identitySampler: batchesPerEpoch', batchesPerEpoch, { minimum: 1, integer: true });
  const length = batchesPerEpoch * batchSize;
  if (length >= 2 ** 31) throw new ConfigError(`identitySampler: an epoch of ${length} records is too long.`);
  return {
    length,
    batchSize,
    order: (epoch) => buildOrder(groups, { identities, images, length, seed, epoch }),
  };
}

function buildOrder(
  groups: ClassMembers,
  options: { identities: number; images: number; length: number; seed: number; epoch: number },
): Int32Array {
  const { identities, images, length, seed, epoch } = options;
  const random = randomFor(seed, epoch);
  const drawMember = createMemberDraw(groups, seed, epoch);
  const classIndices = Int32Array.from(groups.classes.keys());
  const order = new Int32Array(length);
  let written = 0;
  let next = classIndices.length;
  while (written < length) {
    // The classes of a batch must differ, so a batch must not span two cycles.
    if (next + identities > classIndices.length) {
      shuffle(classIndices, random);
      next = 0;
    }
    for (const classIndex of classIndices.subarray(next, next + identities)) {
      for (let image = 0; image < images; image++) order[written++] = drawMember(classIndex);
    }
    next += identities;
  }
  return order;
}
