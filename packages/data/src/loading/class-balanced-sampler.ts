import { checkNumber, DataError } from '@openset/core';
import { createCyclicDraw, createMemberDraw, groupByClass } from './class-members.ts';
import type { Sampler } from './sampler.ts';
import { randomFor } from './seeds.ts';

/**
 * Returns a sampler that draws every class equally often. It cycles through all classes in random order and draws one
 * record of each, without repetition until all records of the class were drawn. It never draws records without a class
 * (−1).
 *
 * @param labels the class of each record: `source.labels`
 * @param options `length` of an epoch, default the number of records with a class; `seed`, default 0
 * @throws DataError if no record has a class; ConfigError for options that are not integers
 */
export function classBalancedSampler(
  labels: Int32Array,
  options: { readonly length?: number; readonly seed?: number } = {},
): Sampler {
  const groups = groupByClass(labels);
  const labelled = groups.members.reduce((sum, { length }) => sum + length, 0);
  if (labelled === 0) throw new DataError('classBalancedSampler: no record of the set has a class.');
  const { length = labelled, seed = 0 } = options;
  checkNumber('classBalancedSampler: length', length, { minimum: 1, integer: true });
  checkNumber('classBalancedSampler: seed', seed, { integer: true });
  const classIndices = Int32Array.from(groups.classes.keys());
  return {
    length,
    order: (epoch) => {
      const drawClass = createCyclicDraw(classIndices, randomFor(seed, epoch));
      const drawMember = createMemberDraw(groups, seed, epoch);
      return Int32Array.from({ length }, () => drawMember(drawClass()));
    },
  };
}
