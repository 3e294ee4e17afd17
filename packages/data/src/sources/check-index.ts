/** @throws RangeError if a set of `size` records has no record `index` */
export function checkIndex(name: string, index: number, size: number): void {
  if (Number.isInteger(index) && index >= 0 && index < size) return;
  throw new RangeError(`${name} has no record ${index}: it has ${size}, numbered from 0.`);
}
