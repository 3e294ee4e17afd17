/**
 * Returns `‖actual − expected‖ / ‖expected‖`, or `‖actual‖` if all expected values are zero. Returns infinity if the lengths
 * differ or a value is not finite.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < expected.length; index++) {
    difference += (actual[index]! - expected[index]!) ** 2;
    norm += expected[index]! ** 2;
  }
  const error = Math.sqrt(difference) / (norm === 0 ? 1 : Math.sqrt(norm));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
