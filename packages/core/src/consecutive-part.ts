/** A range of whole numbers: from `from` to before `to`. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns one of the consecutive parts of `[0, length)`. The parts together are the whole, their lengths differ by 1 at most, and some are empty
 * if there are more parts than numbers.
 * @param part number of the part, from 0, and number of parts
 */
export function consecutivePart(
  length: number,
  part: { readonly index: number; readonly count: number },
): PartRange {
  const startOf = (index: number) => Math.floor((length * index) / part.count);
  return { from: startOf(part.index), to: startOf(part.index + 1) };
}
