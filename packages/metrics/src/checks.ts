import { MetricsError } from './metrics-error.ts';

/**
 * Checks that `values` is array-like, so that a tensor or `undefined` is named and not measured as empty.
 * @param what who asks and what for, as it should stand at the start of the message
 * @throws MetricsError if `values` has no length, or has no element
 */
export function checkNotEmpty(what: string, values: ArrayLike<unknown>): void {
  if (!Number.isInteger(values?.length)) {
    throw new MetricsError(`${what} must be an array or a typed array (for a tensor: its dataSync()).`);
  }
  if (values.length === 0) throw new MetricsError(`${what} is empty: give at least one element.`);
}

/**
 * Checks that two arrays are as long as each other.
 * @throws MetricsError naming both lengths
 */
export function checkSameLength(what: string, found: number, ofWhat: string, expected: number): void {
  if (found === expected) return;
  throw new MetricsError(`${what} has ${found} elements, but ${ofWhat} asks for ${expected}.`);
}

/**
 * A score or similarity: a finite number, or `-Infinity`, which is how callers mark what no finite threshold shall
 * accept (a masked class, an image without a face).
 * @throws MetricsError naming the index
 */
export function scoreAt(what: string, values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (typeof value === 'number' && value < Number.POSITIVE_INFINITY) return value;
  throw new MetricsError(
    `${what}[${index}] is ${String(value)}, but must be a finite number (or -Infinity: never accepted).`,
  );
}

/**
 * The label of a sample: a whole number in `[0, end)`.
 * @throws MetricsError naming the index and the range
 */
export function labelAt(what: string, labels: ArrayLike<number>, index: number, end: number): number {
  const label = labels[index];
  if (Number.isInteger(label) && label! >= 0 && label! < end) return label!;
  throw new MetricsError(`${what}[${index}] is ${String(label)}, but must be a whole number in [0, ${end}).`);
}

/**
 * Checks a whole number.
 * @throws MetricsError if `value` is not a safe whole number of at least `minimum`
 */
export function checkWhole(what: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new MetricsError(`${what} must be a whole number of at least ${minimum}, but is ${String(value)}.`);
}

/**
 * Checks a share, such as a false accept rate.
 * @throws MetricsError if `value` is not in `[0, 1]`
 */
export function checkShare(what: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && value <= 1) return;
  throw new MetricsError(`${what} must be a number in [0, 1], but is ${String(value)}.`);
}

/**
 * Checks a threshold; infinite ones are allowed ("accept everything", "accept nothing").
 * @throws MetricsError if it is not a number or NaN
 */
export function checkThreshold(what: string, value: number): void {
  if (typeof value === 'number' && !Number.isNaN(value)) return;
  throw new MetricsError(`${what} must be a number and not NaN, but is ${String(value)}.`);
}
