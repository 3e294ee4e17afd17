import { ConfigError } from '@openset/core';
import type { ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';

/**
 * Returns a source of selected images of another source, in the given order. Reads and copies nothing; closing the subset
 * does not close the original source.
 * @param rows indices of images in the original source
 * @param classes labels of the original source to keep, renumbered in this order; default: all. Images of other classes
 *   get the label −1
 * @throws ConfigError for an image or a class that the source does not have
 */
export function subsetSource(
  source: ImageSource,
  rows: ArrayLike<number>,
  classes: readonly number[] = source.classNames.map((_, label) => label),
): ImageSource {
  checkNumbers('rows', rows, source.size, 'images');
  checkNumbers('classes', classes, source.classNames.length, 'classes');
  const numbers = new Map(classes.map((label, index) => [label, index]));
  const labels = Int32Array.from(rows, (row) => numbers.get(source.labels[row]!) ?? -1);
  return {
    size: rows.length,
    classNames: classes.map((label) => source.classNames[label]!),
    labels,
    ...(source.origin ? { origin: (index) => source.origin?.(rows[index]!) as string } : {}),
    get: async (index) => {
      checkIndex('The subset', index, rows.length);
      return { ...(await source.get(rows[index]!)), label: labels[index]! };
    },
    close: async () => {},
  };
}

function checkNumbers(name: string, numbers: ArrayLike<number>, end: number, what: string): void {
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]!;
    if (Number.isInteger(number) && number >= 0 && number < end) continue;
    throw new ConfigError(
      `subsetSource: ${name}[${index}] is ${number}, but the source has ${end} ${what}, numbered from 0.`,
    );
  }
}
