import { checkNumber, DataError } from '@openset/core';
import { classMembers, endlessDraw, memberDraws } from './class-members.ts';
import type { Sampler } from './sampler.ts';
import { randomFor } from './seeds.ts';

/**
 * As many records of every class: goes through all classes in random order again and again, and takes one record of
 * each, none twice before the class has given all. Records without a class (−1) do not occur.
 *
 * @param labels the class of each record: `source.labels`
 * @param options `length`: places of an epoch, default as many as there are records with a class; `seed`, default 0
 * @throws DataError if no record has a class; ConfigError for options that are not whole numbers
 */
export function classBalancedSampler(
  labels: Int32Array,
  options: { readonly length?: number; readonly seed?: number } = {},
): Sampler {
  const groups = classMembers(labels);
  const labelled = groups.members.reduce((sum, { length }) => sum + length, 0);
  if (labelled === 0) throw new DataError('classBalancedSampler: no record of the set has a class.');
  const { length = labelled, seed = 0 } = options;
  checkNumber('classBalancedSampler: length', length, { minimum: 1, integer: true });
  checkNumber('classBalancedSampler: seed', seed, { integer: true });
  const places = Int32Array.from(groups.classes.keys());
  return {
    length,
    order: (epoch) => {
      const drawClass = endlessDraw(places, randomFor(seed, epoch));
      const drawMember = memberDraws(groups, seed, epoch);
      return Int32Array.from({ length }, () => drawMember(drawClass()));
    },
  };
}
