import { DataError } from '@openset/core';
import { compareNaturally } from './natural-order.ts';
import { normalizeName } from './normalize-name.ts';

/** The classes of a set and the class of each record. */
export interface ClassTable {
  readonly classNames: readonly string[];
  readonly labels: Int32Array;
}

/**
 * Numbers the classes of a set by the natural order of their names, or by their order in `classNames`. Names that differ
 * only in Unicode form are one class, which has the name in the form NFC unless `classNames` has the other one.
 * @param names the class of each record
 * @param location file, for messages
 * @param classNames the class names of another set, to number the classes of both sets alike
 * @throws DataError for a name that `classNames` does not contain
 */
export function classTableFromNames(
  names: readonly string[],
  location: string,
  classNames: readonly string[] = [...new Set(names.map(normalizeName))].sort(compareNaturally),
): ClassTable {
  const numbers = new Map(classNames.map((name, index) => [normalizeName(name), index]));
  const labels = Int32Array.from(
    names,
    (name) => numbers.get(normalizeName(name)) ?? throwUnknownClass(name, location, classNames),
  );
  return { classNames, labels };
}

/**
 * Numbers the classes of a set with numeric labels: the distinct labels, ascending, become 0, 1, 2, … and are named by
 * their digits. So every class has a record, and a damaged label cannot create a billion classes. −1 (no class) stays
 * −1.
 * @throws DataError for a number that `classNames` does not contain
 */
export function classTableFromNumbers(
  values: ArrayLike<number>,
  location: string,
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
    numbers.set(value, number ?? throwUnknownClass(String(value), location, classNames ?? []));
  });
  const labels = Int32Array.from(values, (value) => numbers.get(value) as number);
  return { classNames: classNames ?? Array.from(sorted, String), labels };
}

function throwUnknownClass(name: string, location: string, classNames: readonly string[]): never {
  throw new DataError(
    `${location}: the class '${name}' is not among the ${classNames.length} given class names.`,
  );
}
