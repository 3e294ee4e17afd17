import { shuffle } from '../shuffle.ts';
import { randomFor } from './seeds.ts';

/** The records of every class, for samplers. */
export interface ClassMembers {
  /** The classes that have records, ascending. */
  readonly classes: Int32Array;
  /** The records of each class, in the order of `classes`. */
  readonly members: readonly Int32Array[];
}

/** Groups records by class. Skips records without a class (label −1), and classes of fewer than `minimumCount` records. */
export function groupByClass(labels: Int32Array, minimumCount = 1): ClassMembers {
  const counts = new Map<number, number>();
  for (const label of labels) if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  const large = [...counts].filter(([, count]) => count >= minimumCount);
  const classes = Int32Array.from(large, ([label]) => label).sort();
  const members = Array.from(classes, (label) => new Int32Array(counts.get(label)!));
  const classIndexOf = new Map(Array.from(classes, (label, classIndex) => [label, classIndex]));
  const filled = new Int32Array(classes.length);
  labels.forEach((label, index) => {
    const classIndex = classIndexOf.get(label);
    if (classIndex !== undefined) members[classIndex]![filled[classIndex]!++] = index;
  });
  return { classes, members };
}

/** Returns a function that draws without replacement: all values in random order, then all again in a new order. */
export function createCyclicDraw(values: Int32Array, random: () => number): () => number {
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

/** Returns a function that draws a record of the class `classes[classIndex]`; each class has its own cyclic draw. */
export function createMemberDraw(
  { members }: ClassMembers,
  seed: number,
  epoch: number,
): (classIndex: number) => number {
  const draws = new Map<number, () => number>();
  return (classIndex) => {
    let draw = draws.get(classIndex);
    if (!draw) {
      draw = createCyclicDraw(members[classIndex]!, randomFor(seed, epoch, classIndex));
      draws.set(classIndex, draw);
    }
    return draw();
  };
}
