/**
 * Returns a quantile of sorted values, interpolated linearly between the two nearest. There must be at least one value.
 * Values may be `-Infinity`; a quantile between `-Infinity` and another value is `-Infinity`.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  if (place === below || low === Number.NEGATIVE_INFINITY) return low;
  return low + (sorted[below + 1]! - low) * (place - below);
}
