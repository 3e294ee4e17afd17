import { ConfigError } from '@openset/core';
import type { ImageSource } from '../source.ts';

/**
 * Some pictures of a set as a set of their own, in the order given. Nothing is read or copied; closing it does not close
 * the whole.
 * @param rows numbers of pictures in the whole
 * @param classes the classes it has, by their numbers in the whole, which are numbered anew in this order; default all.
 *   Pictures of other classes have the label −1
 * @throws ConfigError if there is no such picture or class
 */
export function subsetSource(
  source: ImageSource,
  rows: ArrayLike<number>,
  classes: readonly number[] = source.classNames.map((_, label) => label),
): ImageSource {
  checkNumbers('rows', rows, source.size, 'pictures');
  checkNumbers('classes', classes, source.classNames.length, 'classes');
  const numbers = new Map(classes.map((label, index) => [label, index]));
  const labels = Int32Array.from(rows, (row) => numbers.get(source.labels[row]!) ?? -1);
  return {
    size: rows.length,
    classNames: classes.map((label) => source.classNames[label]!),
    labels,
    get: async (index) => {
      const row = rows[index];
      if (row === undefined) throw new RangeError(`There is no picture ${index} of ${rows.length}.`);
      return { ...(await source.get(row)), label: labels[index]! };
    },
    close: async () => {},
  };
}

function checkNumbers(name: string, numbers: ArrayLike<number>, end: number, what: string): void {
  for (let place = 0; place < numbers.length; place++) {
    const number = numbers[place]!;
    if (Number.isInteger(number) && number >= 0 && number < end) continue;
    throw new ConfigError(
      `subsetSource: ${name}[${place}] is ${number}, but the set has ${end} ${what}, numbered from 0.`,
    );
  }
}
