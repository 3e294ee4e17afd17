/** Base class of every error openset throws on purpose; `instanceof OpenSetError` tells them from bugs. */
export class OpenSetError extends Error {
  override readonly name: string = 'OpenSetError';
}

/** A tensor has the wrong rank or shape. The message holds the shape found and the shape expected. */
export class ShapeError extends OpenSetError {
  override readonly name = 'ShapeError';
}

/** An option is missing, out of its range, or does not go with another. */
export class ConfigError extends OpenSetError {
  override readonly name = 'ConfigError';
}

/** Values are unusable: labels out of range, non-finite embeddings, a damaged file. */
export class DataError extends OpenSetError {
  override readonly name = 'DataError';
}

/** The active backend has no kernel for an operation that is needed. The message says what adds it. */
export class MissingKernelError extends OpenSetError {
  override readonly name = 'MissingKernelError';
}

/** A backend has no memory left for a tensor. The message says how much was asked for, and what can be done. */
export class OutOfMemoryError extends OpenSetError {
  override readonly name = 'OutOfMemoryError';
}

/** A worker thread did not start, or ended before its work was done. */
export class WorkerError extends OpenSetError {
  override readonly name = 'WorkerError';
}

/** `[2, 3]` as text, for messages. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/**
 * Checks one numeric option.
 * @param what who asks and which option, as it should stand in the message
 * @throws ConfigError if `value` is not a finite number in `[minimum, maximum]` (or not whole where asked)
 */
export function checkNumber(
  what: string,
  value: number,
  range: { minimum?: number; maximum?: number; integer?: boolean } = {},
): void {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, integer = false } = range;
  const whole = !integer || Number.isInteger(value);
  if (typeof value === 'number' && Number.isFinite(value) && value >= minimum && value <= maximum && whole) {
    return;
  }
  const kind = integer ? 'a whole number' : 'a finite number';
  const from = minimum === Number.NEGATIVE_INFINITY ? '' : ` from ${minimum}`;
  const to = maximum === Number.POSITIVE_INFINITY ? '' : ` up to ${maximum}`;
  throw new ConfigError(`${what} must be ${kind}${from}${to}, but is ${String(value)}.`);
}

/**
 * Checks an option that takes one of a few words.
 * @throws ConfigError naming the words allowed
 */
export function checkChoice<T extends string>(what: string, value: T, choices: readonly T[]): void {
  if (choices.includes(value)) return;
  const allowed = choices.map((choice) => `'${choice}'`).join(', ');
  throw new ConfigError(`${what} must be one of ${allowed}, but is '${String(value)}'.`);
}
