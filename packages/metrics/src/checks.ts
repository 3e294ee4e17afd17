import { MetricsError } from './metrics-error.ts';

/**
 * Checks that `values` is array-like and not empty. A tensor or `undefined` gets a message of its own.
 * @param what subject of the message: the function and its argument
 * @throws MetricsError if `values` has no length or no element
 */
export function checkNotEmpty(what: string, values: ArrayLike<unknown>): void {
  if (!Number.isInteger(values?.length)) {
    throw new MetricsError(`${what} must be an array or a typed array (for a tensor: its dataSync()).`);
  }
  if (values.length === 0) throw new MetricsError(`${what} is empty: give at least one element.`);
}

/**
 * Checks the length of an array.
 * @param source what the expected length comes from
 * @throws MetricsError that states both lengths
 */
export function checkSameLength(what: string, found: number, source: string, expected: number): void {
  if (found === expected) return;
  throw new MetricsError(`${what} has ${elementsText(found)}, but ${source} requires ${expected}.`);
}

/**
 * Returns the number of rows of a row-major matrix.
 * @throws MetricsError if `size` is not a whole number above 0, or the values do not fill whole rows of it
 */
export function countRows(what: string, values: ArrayLike<number>, size: number): number {
  checkWhole(`${what}: size`, size, 1);
  checkNotEmpty(what, values);
  if (values.length % size === 0) return values.length / size;
  throw new MetricsError(
    `${what} has ${elementsText(values.length)}, which is not a multiple of size (${size}).`,
  );
}

/** Returns "1 element", "2 elements". */
export function elementsText(count: number): string {
  return `${count} element${count === 1 ? '' : 's'}`;
}

/**
 * Returns a score or similarity: a finite number, or `-Infinity`. Callers mark with `-Infinity` what no threshold
 * accepts: a masked class, an image without a face.
 * @throws MetricsError that states the index
 */
export function readScore(what: string, values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (typeof value === 'number' && value < Number.POSITIVE_INFINITY) return value;
  throw new MetricsError(
    `${what}[${index}] is ${String(value)}, but must be a finite number (or -Infinity: never accepted).`,
  );
}

/**
 * Returns the class of a sample: a whole number in `[0, end)`.
 * @throws MetricsError that states the index and the range
 */
export function readLabel(what: string, labels: ArrayLike<number>, index: number, end: number): number {
  const label = labels[index];
  if (Number.isInteger(label) && label! >= 0 && label! < end) return label!;
  throw new MetricsError(`${what}[${index}] is ${String(label)}, but must be a whole number in [0, ${end}).`);
}

/**
 * Returns the identity of a row: any number except NaN.
 * @throws MetricsError that states the index
 */
export function readIdentity(what: string, labels: ArrayLike<number>, index: number): number {
  const label = labels[index];
  if (typeof label === 'number' && !Number.isNaN(label)) return label;
  throw new MetricsError(`${what}[${index}] is ${String(label)}, but must be a number.`);
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
 * Checks a confidence level.
 * @throws MetricsError if `value` is not in `(0, 1)`
 */
export function checkConfidence(what: string, value: number): void {
  if (value > 0 && value < 1) return;
  throw new MetricsError(`${what} must be in (0, 1), but is ${String(value)}.`);
}

/**
 * Checks a threshold; infinite ones are allowed ("accept everything", "accept nothing").
 * @throws MetricsError if it is not a number or NaN
 */
export function checkThreshold(what: string, value: number): void {
  if (typeof value === 'number' && !Number.isNaN(value)) return;
  throw new MetricsError(`${what} must be a number and not NaN, but is ${String(value)}.`);
}
