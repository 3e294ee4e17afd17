import { shuffle } from '../shuffle.ts';
import { randomFor } from './seeds.ts';

/** The records of each class that has any: class by class, for samplers. */
export interface ClassMembers {
  /** The classes, ascending. */
  readonly classes: Int32Array;
  /** The records of the class at each place of `classes`. */
  readonly members: readonly Int32Array[];
}

/** Groups records by class; those without one (label −1) belong to none. */
export function classMembers(labels: Int32Array, minimumCount = 1): ClassMembers {
  const counts = new Map<number, number>();
  for (const label of labels) if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  const large = [...counts].filter(([, count]) => count >= minimumCount);
  const classes = Int32Array.from(large, ([label]) => label).sort();
  const members = Array.from(classes, (label) => new Int32Array(counts.get(label)!));
  const placeOf = new Map(Array.from(classes, (label, place) => [label, place]));
  const filled = new Int32Array(classes.length);
  labels.forEach((label, index) => {
    const place = placeOf.get(label);
    if (place !== undefined) members[place]![filled[place]!++] = index;
  });
  return { classes, members };
}

/**
 * Draws from a list without putting back: all values in random order, then all again in another.
 */
export function endlessDraw(values: Int32Array, random: () => number): () => number {
  const order = values.slice();
  let next = order.length;
  return () => {
    if (next === order.length) {
      shuffle(order, random);
      next = 0;
    }
    return order[next++]!;
  };
}

/** One endless draw for each class, begun when it is first needed. */
export function memberDraws(
  { members }: ClassMembers,
  seed: number,
  epoch: number,
): (place: number) => number {
  const draws = new Map<number, () => number>();
  return (place) => {
    let draw = draws.get(place);
    if (!draw) {
      draw = endlessDraw(members[place]!, randomFor(seed, epoch, place));
      draws.set(place, draw);
    }
    return draw();
  };
}
