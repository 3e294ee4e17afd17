import { checkNumber, DataError, randomNumbers } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import type { ImageSource } from '../source.ts';
import { subsetSource } from './subset-source.ts';

/** A set cut in two, by classes: people, or whatever the set has. */
export interface HeldOutClasses {
  /** Trained on; its classes are numbered anew. */
  readonly train: ImageSource;
  /** Never trained on, at least two pictures of each person; null if nobody is held out. */
  readonly held: ImageSource | null;
}

/** So many people are trained on, and held out, at least. */
const leastPeople = 2;

/**
 * Takes people out of a set, to find out how a network that learns from the others does on strangers: a share of them, at
 * least two, of those with at least two pictures. The same seed takes the same people. Pictures without a class are in
 * neither part.
 * @param name of the set, for messages
 * @param options `share`: of the people, in `[0, 1]`; 0: nobody. At least two are left to learn from. `seed`: any number
 * @throws ConfigError if `share` is out of range; DataError if there are not enough people
 */
export function holdOutClasses(
  source: ImageSource,
  name: string,
  { share, seed }: { readonly share: number; readonly seed: number },
): HeldOutClasses {
  checkNumber('holdOutClasses: share', share, { minimum: 0, maximum: 1 });
  const counts = new Uint32Array(source.classNames.length);
  for (const label of source.labels) if (label >= 0) counts[label]! += 1;
  const people = [...counts.keys()].filter((label) => counts[label]! > 0);
  const able = people.filter((label) => counts[label]! > 1);
  const wanted = share === 0 ? 0 : Math.max(leastPeople, Math.round(share * people.length));
  if (people.length < leastPeople) {
    throw new DataError(
      `'${name}' has pictures of one person alone: to learn what tells people apart takes at least two.`,
    );
  }
  const most = Math.min(able.length, people.length - leastPeople);
  if (share > 0 && most < leastPeople) {
    throw new DataError(
      `'${name}' has pictures of ${people.length} people, two or more pictures of ${able.length} of them. Training takes ` +
        'at least two people to learn from, and two others with at least two pictures each, who are held out for the ' +
        'threshold: add people or pictures.',
    );
  }
  const held = new Set(shuffle(able, randomNumbers(seed)).slice(0, Math.min(wanted, most)));
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
