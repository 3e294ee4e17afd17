import { checkNumber, DataError, randomNumbers } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import type { ImageSource } from '../source.ts';
import { subsetSource } from './subset-source.ts';

/** A set divided by classes, such as people, into a training part and a held-out part. */
export interface HeldOutClasses {
  /** The training part, with renumbered classes. */
  readonly train: ImageSource;
  /** The held-out part, with at least two images of each person; null if nobody is held out. */
  readonly held: ImageSource | null;
}

/** Minimum number of people in each part. */
const minimumPeople = 2;

/** Options of `holdOutClasses`. */
export type HoldOutOptions = {
  /** Seed of the choice of people. */
  readonly seed: number;
} & (
  | {
      /** Share of all people to hold out, in `[0, 1]`; 0 holds out nobody. */
      readonly share: number;
    }
  | {
      /** Number of people to hold out, from 0. */
      readonly count: number;
    }
);

/**
 * Divides a set by people, to measure how a network trained on one part performs on strangers. Holds out a share or a
 * number of the people, at least two, chosen among those with at least two images. At least two people remain for
 * training, so a small set holds out fewer than told. The same seed selects the same people, and a larger number selects
 * others in addition. Images without a class are in neither part.
 * @param name name of the set, for messages
 * @param options `share` or `count` of the people to hold out; `seed`: any number
 * @throws ConfigError if `share` or `count` is out of range; DataError if the set has too few people
 */
export function holdOutClasses(
  source: ImageSource,
  name: string,
  { seed, ...amount }: HoldOutOptions,
): HeldOutClasses {
  if ('share' in amount) checkNumber('holdOutClasses: share', amount.share, { minimum: 0, maximum: 1 });
  else checkNumber('holdOutClasses: count', amount.count, { minimum: 0, integer: true });
  const isNobody = ('share' in amount ? amount.share : amount.count) === 0;
  const counts = new Uint32Array(source.classNames.length);
  for (const label of source.labels) if (label >= 0) counts[label]! += 1;
  const people = [...counts.keys()].filter((label) => counts[label]! > 0);
  const eligible = people.filter((label) => counts[label]! > 1);
  const given = 'share' in amount ? Math.round(amount.share * people.length) : amount.count;
  const requested = isNobody ? 0 : Math.max(minimumPeople, given);
  if (people.length < minimumPeople) {
    throw new DataError(`'${name}' has images of only one person; training needs at least two people.`);
  }
  const limit = Math.min(eligible.length, people.length - minimumPeople);
  if (!isNobody && limit < minimumPeople) {
    throw new DataError(
      `'${name}' has ${people.length} people, ${eligible.length} of them with two or more images. Training needs at ` +
        'least two people to learn from, and two others with at least two images each to hold out for the threshold. ' +
        'Add people or images.',
    );
  }
  const held = new Set(shuffle(eligible, randomNumbers(seed)).slice(0, Math.min(requested, limit)));
  const rowsOf = (isHeld: boolean) =>
    [...source.labels.keys()].filter(
      (row) => source.labels[row]! >= 0 && held.has(source.labels[row]!) === isHeld,
    );
  const classesOf = (isHeld: boolean) => people.filter((label) => held.has(label) === isHeld);
  return {
    train: subsetSource(source, rowsOf(false), classesOf(false)),
    held: held.size > 0 ? subsetSource(source, rowsOf(true), classesOf(true)) : null,
  };
}
