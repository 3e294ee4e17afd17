import type { ImageSource } from '@openset/data';

/**
 * Some pictures of a set as a set of their own. Closing it does not close the whole.
 * @param classes the classes it has, by their numbers in the whole; default all
 */
export function subsetSource(
  source: ImageSource,
  rows: ArrayLike<number>,
  classes: readonly number[] = source.classNames.map((_, label) => label),
): ImageSource {
  const numbers = new Map(classes.map((label, index) => [label, index]));
  const labels = Int32Array.from(rows, (row) => numbers.get(source.labels[row]!) ?? -1);
  return {
    size: rows.length,
    classNames: classes.map((label) => source.classNames[label]!),
    labels,
    get: async (index) => ({ ...(await source.get(rows[index]!)), label: labels[index]! }),
    close: async () => {},
  };
}
