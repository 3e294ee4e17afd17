/** A range of whole numbers: from `from` to before `to`. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns one of the consecutive parts of `[0, length)`. The parts together are the whole, their lengths differ by 1 at most, and some are empty
 * if there are more parts than numbers.
 * @param index of the part, from 0
 * @param count number of parts
 */
export function consecutivePart(
  length: number,
  { index, count }: { readonly index: number; readonly count: number },
): PartRange {
  const start = (part: number) => Math.floor((length * part) / count);
  return { from: start(index), to: start(index + 1) };
}
