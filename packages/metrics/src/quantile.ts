/**
 * Returns a quantile of sorted values, interpolated linearly between the two nearest. There must be at least one value.
 * Values may be `-Infinity`; a quantile between `-Infinity` and another value is `-Infinity`.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  if (position === below || low === Number.NEGATIVE_INFINITY) return low;
  return low + (sorted[below + 1]! - low) * (position - below);
}
