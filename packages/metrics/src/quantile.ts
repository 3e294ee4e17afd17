/**
 * The quantile of sorted values, at least one, interpolated linearly between the two nearest. Values may be `-Infinity`,
 * and so is everything between it and the next.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  if (place === below || low === Number.NEGATIVE_INFINITY) return low;
  return low + (sorted[below + 1]! - low) * (place - below);
}
