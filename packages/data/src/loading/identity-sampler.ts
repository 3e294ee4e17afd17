import { ConfigError, checkNumber, DataError } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import { type ClassMembers, classMembers, memberDraws } from './class-members.ts';
import type { Sampler } from './sampler.ts';
import { randomFor } from './seeds.ts';

/** Options of `identitySampler`. */
export interface IdentitySamplerOptions {
  /** P: how many different classes a batch has. */
  readonly identities: number;
  /** K: how many records of each. */
  readonly images: number;
  /**
   * Whether classes of fewer than K records take part with some of them twice in a batch; default false: they are
   * left out.
   */
  readonly repeatImages?: boolean;
  /** Default: as many as the records of the classes that take part fill. */
  readonly batchesPerEpoch?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Batches of P classes with K records each (Hermans et al. 2017), class after class: for losses that compare the
 * records of a batch. Classes come in random order, all before one comes again, but for those that do not fill a
 * batch; the records of a class likewise.
 *
 * @param labels the class of each record: `source.labels`
 * @throws DataError if fewer than P classes have K records; ConfigError for options that are not positive whole numbers
 */
export function identitySampler(labels: Int32Array, options: IdentitySamplerOptions): Sampler {
  const { identities, images, repeatImages = false, seed = 0 } = options;
  checkNumber('identitySampler: identities', identities, { minimum: 1, integer: true });
  checkNumber('identitySampler: images', images, { minimum: 1, integer: true });
  checkNumber('identitySampler: seed', seed, { integer: true });
  const groups = classMembers(labels, repeatImages ? 1 : images);
  const found = groups.classes.length;
  if (found < identities) {
    const needed = repeatImages ? 'any records' : `${images} records or more`;
    throw new DataError(
      `identitySampler: a batch needs ${identities} classes, but only ${found} have ${needed}; ` +
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
    order: (epoch) => orderOf(groups, { identities, images, length, seed, epoch }),
  };
}

function orderOf(
  groups: ClassMembers,
  options: { identities: number; images: number; length: number; seed: number; epoch: number },
): Int32Array {
  const { identities, images, length, seed, epoch } = options;
  const random = randomFor(seed, epoch);
  const drawMember = memberDraws(groups, seed, epoch);
  const places = Int32Array.from(groups.classes.keys());
  const order = new Int32Array(length);
  let written = 0;
  let next = places.length;
  while (written < length) {
    // Classes of a batch must differ, so a batch does not begin with the last of one round and end in the next.
    if (next + identities > places.length) {
      shuffle(places, random);
      next = 0;
    }
    for (const place of places.subarray(next, next + identities)) {
      for (let image = 0; image < images; image++) order[written++] = drawMember(place);
    }
    next += identities;
  }
  return order;
}
