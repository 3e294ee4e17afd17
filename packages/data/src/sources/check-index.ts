/**
 * Checks the index of a record.
 * @param name name of the set, for messages
 * @throws RangeError if a set of `size` records has no record `index`
 */
export function checkIndex(name: string, index: number, size: number): void {
  if (Number.isInteger(index) && index >= 0 && index < size) return;
  throw new RangeError(`${name} has no record ${index}: it has ${size} records, numbered from 0.`);
}
