/** What to do about an error, in words that name an option of the function that throws it. */
export interface ErrorAdvice {
  /** Name of the option. */
  readonly option: string;
  /** One sentence or more. */
  readonly text: string;
}

/** Options of an `OpenSetError`. */
export interface OpenSetErrorOptions extends ErrorOptions {
  /** Added to the message. */
  readonly advice?: ErrorAdvice | undefined;
}

/** Base class of all errors that openset throws on purpose. `instanceof OpenSetError` distinguishes them from bugs. */
export class OpenSetError extends Error {
  /** Name of the class, such as `ShapeError`. */
  override readonly name: string = 'OpenSetError';
  /** The message without the advice, for programs whose users set options by other names. */
  readonly problem: string;
  /** What to do about it; undefined if the message says all. */
  readonly advice: ErrorAdvice | undefined;

  constructor(problem?: string, options?: OpenSetErrorOptions) {
    const advice = options?.advice;
    super(advice ? `${problem} ${advice.text}` : problem, options);
    this.problem = problem ?? '';
    this.advice = advice;
  }
}

/** A tensor has the wrong rank or shape. The message contains the shape found and the shape expected. */
export class ShapeError extends OpenSetError {
  override readonly name = 'ShapeError';
}

/** An option is missing, out of its range, or conflicts with another. */
export class ConfigError extends OpenSetError {
  override readonly name = 'ConfigError';
}

/** Values are unusable: labels out of range, non-finite embeddings, a damaged file. */
export class DataError extends OpenSetError {
  override readonly name = 'DataError';
}

/** The active backend has no kernel for a required operation. The message says what adds it. */
export class MissingKernelError extends OpenSetError {
  override readonly name = 'MissingKernelError';
}

/** A backend has no memory left for a tensor. The message says how much was requested, and what to do. */
export class OutOfMemoryError extends OpenSetError {
  override readonly name = 'OutOfMemoryError';
}

/** A worker thread did not start, or ended before it finished its work. */
export class WorkerError extends OpenSetError {
  override readonly name = 'WorkerError';
}

/** An engine cannot run a network, or computes other embeddings than the network itself. The message has the reason or the numbers. */
export class EngineError extends OpenSetError {
  override readonly name = 'EngineError';
}

/** Returns a shape as text for messages: `[2, 3]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/**
 * Checks one numeric option.
 * @param what subject of the message, such as `UssLoss: scale`
 * @throws ConfigError if `value` is not a finite number in `[minimum, maximum]`, or not whole with `integer`
 */
export function checkNumber(
  what: string,
  value: number,
  range: { minimum?: number; maximum?: number; integer?: boolean } = {},
): void {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, integer = false } = range;
  const isWhole = !integer || Number.isInteger(value);
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= minimum &&
    value <= maximum &&
    isWhole
  ) {
    return;
  }
  const kind = integer ? 'a whole number' : 'a finite number';
  const from = minimum === Number.NEGATIVE_INFINITY ? '' : ` from ${minimum}`;
  const to = maximum === Number.POSITIVE_INFINITY ? '' : ` up to ${maximum}`;
  throw new ConfigError(`${what} must be ${kind}${from}${to}, but is ${String(value)}.`);
}

/**
 * Checks an option that takes one of a few words.
 * @param what subject of the message, such as `UssLoss: criterion`
 * @throws ConfigError with the allowed words
 */
export function checkChoice<T extends string>(what: string, value: T, choices: readonly T[]): void {
  if (choices.includes(value)) return;
  const allowed = choices.map((choice) => `'${choice}'`).join(', ');
  throw new ConfigError(`${what} must be one of ${allowed}, but is '${String(value)}'.`);
}
