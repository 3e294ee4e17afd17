/**
 * Returns the largest number of false accepts within a false accept rate: `⌊far · negatives⌋`. The product may round to the
 * wrong side (0.29 · 100 is below 29 in float64), so the division that measures a rate decides.
 *
 * @param far in `[0, 1]`
 * @param negatives number of comparisons of different identities, at least 1
 */
export function falseAcceptsAllowed(far: number, negatives: number): number {
  let count = Math.min(Math.floor(far * negatives), negatives);
  while (count < negatives && (count + 1) / negatives <= far) count += 1;
  while (count > 0 && count / negatives > far) count -= 1;
  return count;
}
