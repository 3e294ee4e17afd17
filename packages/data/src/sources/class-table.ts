import { DataError } from '@openset/core';
import { compareNaturally } from './natural-order.ts';

/** The classes of a set, and the class of each record. */
export interface ClassTable {
  readonly classNames: readonly string[];
  readonly labels: Int32Array;
}

/**
 * Numbers the classes of a set by the natural order of their names, or by a list of names given.
 * @param classNames the classes of another set that this one must agree with
 * @throws DataError for a name that is not in the list given
 */
export function tableOfNames(
  names: readonly string[],
  place: string,
  classNames: readonly string[] = [...new Set(names)].sort(compareNaturally),
): ClassTable {
  const numbers = new Map(classNames.map((name, index) => [name, index]));
  const labels = Int32Array.from(names, (name) => numbers.get(name) ?? unknown(name, place, classNames));
  return { classNames, labels };
}

/**
 * Numbers the classes of a set whose labels are numbers: the distinct ones, ascending, become 0, 1, 2, …, named by
 * their digits. So there is no class without a record, and a damaged label cannot make a billion of them. −1 (no
 * class) stays −1.
 * @throws DataError for a number that is not in the list of names given
 */
export function tableOfNumbers(
  values: ArrayLike<number>,
  place: string,
  classNames?: readonly string[],
): ClassTable {
  const distinct = new Set<number>();
  for (let index = 0; index < values.length; index++) {
    if (values[index] !== -1) distinct.add(values[index] as number);
  }
  const sorted = Float64Array.from(distinct).sort();
  const known = classNames && new Map(classNames.map((name, index) => [name, index]));
  const numbers = new Map<number, number>([[-1, -1]]);
  sorted.forEach((value, index) => {
    const number = known ? known.get(String(value)) : index;
    numbers.set(value, number ?? unknown(String(value), place, classNames ?? []));
  });
  const labels = Int32Array.from(values, (value) => numbers.get(value) as number);
  return { classNames: classNames ?? Array.from(sorted, String), labels };
}

function unknown(name: string, place: string, classNames: readonly string[]): never {
  throw new DataError(
    `${place}: the class '${name}' occurs, which is none of the ${classNames.length} class names given.`,
  );
}
