import { checkNumber } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import { groupByClass } from './class-members.ts';
import { type Sampler, shuffledSampler } from './sampler.ts';
import { randomFor } from './seeds.ts';

/** Options of `cappedSampler`. */
export interface CappedSamplerOptions {
  /** Largest number of records of a class in an epoch, at least 1. */
  readonly maximum: number;
  /** Seed of the order and of the choice; default 0. */
  readonly seed?: number;
}

/**
 * Returns a sampler that draws at most `maximum` records of each class in an epoch, each once, in a new random order for
 * every epoch. So one person with hundreds of images does not dominate the training of a set with few images of the others.
 *
 * A larger class has its records in a random circle, and each epoch takes the next `maximum` of them: all records are drawn
 * equally often over the run. Records without a class (−1) are all drawn. If no class is larger, the order is that of
 * `shuffledSampler`.
 *
 * @param labels the class of each record: `source.labels`
 * @throws ConfigError for options that are not integers in their range
 */
export function cappedSampler(labels: Int32Array, { maximum, seed = 0 }: CappedSamplerOptions): Sampler {
  checkNumber('cappedSampler: maximum', maximum, { minimum: 1, integer: true });
  checkNumber('cappedSampler: seed', seed, { integer: true });
  const { members, classes } = groupByClass(labels);
  const circles = members.flatMap((records, index) =>
    records.length > maximum ? [shuffle(records, randomFor(seed, circleStream, classes[index]!))] : [],
  );
  if (circles.length === 0) return shuffledSampler(labels.length, { seed });
  const capped = new Set(circles.flatMap((records) => [...records]));
  const others = Int32Array.from(labels.keys()).filter((record) => !capped.has(record));
  const length = others.length + circles.length * maximum;
  return {
    length,
    order: (epoch) => {
      const order = new Int32Array(length);
      order.set(others);
      let written = others.length;
      for (const records of circles) {
        const start = (epoch * maximum) % records.length;
        for (let next = 0; next < maximum; next++) {
          order[written++] = records[(start + next) % records.length]!;
        }
      }
      return shuffle(order, randomFor(seed, epoch));
    },
  };
}

/** Separates the random numbers of the circles from those of the epochs, whose numbers count from 0. */
const circleStream = -1;
