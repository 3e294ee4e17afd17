import { ConfigError, DataError, ShapeError } from '@openset/core';
import type { Numbers, Reduction, Values } from './communicator.ts';

const reductions: readonly Reduction[] = ['sum', 'max', 'min'];
const typesOfNumbers = [Float32Array, Float64Array, Int32Array] as const;
/** Largest number of values of one call: MPI counts with int32. */
const largestLength = 2 ** 31 - 1;

/** @throws DataError for values that cannot be summed; ConfigError for an unknown reduction; ShapeError for too many values */
export function checkNumbers(call: string, values: Numbers, reduction: Reduction = 'sum'): void {
  if (!typesOfNumbers.some((type) => values instanceof type)) {
    throw new DataError(
      `${call} takes a Float32Array, a Float64Array or an Int32Array, but got ${describe(values)}.`,
    );
  }
  if (!reductions.includes(reduction)) {
    throw new ConfigError(`${call}: the reduction must be sum, max or min, but is '${String(reduction)}'.`);
  }
  checkLength(call, values);
}

/** @throws DataError for values that cannot be exchanged; ShapeError for too many */
export function checkValues(call: string, values: Values): void {
  if (values instanceof Uint8Array) checkLength(call, values);
  else checkNumbers(call, values);
}

/**
 * Checks an array that has a part for each rank, and one part.
 * @throws DataError if they have different types; ShapeError if their lengths do not fit
 */
export function checkParts(call: string, whole: Values, part: Values, size: number): void {
  if (whole?.constructor !== part?.constructor) {
    throw new DataError(
      `${call} takes two arrays of one type, but got ${describe(whole)} and ${describe(part)}.`,
    );
  }
  if (whole.length !== size * part.length) {
    throw new ShapeError(
      `${call} on ${size} ranks takes arrays of ${size} · n and n values, but got ${whole.length} and ${part.length}.`,
    );
  }
}

/**
 * Checks the arrays of `allToAll`.
 * @throws DataError if they have different types; ShapeError if their lengths differ or no rank's part is whole
 */
export function checkExchange(values: Values, received: Values, size: number): void {
  checkValues('allToAll', values);
  if (values.constructor !== received?.constructor) {
    throw new DataError(
      `allToAll takes two arrays of one type, but got ${describe(values)} and ${describe(received)}.`,
    );
  }
  if (values.length === received.length && values.length % size === 0) return;
  throw new ShapeError(
    `allToAll on ${size} ranks takes two arrays of ${size} · n values, but got ${values.length} and ${received.length}.`,
  );
}

/** @throws ConfigError if there is no such rank */
export function checkRoot(root: number, size: number): void {
  if (!Number.isInteger(root) || root < 0 || root >= size)
    throw new ConfigError(`broadcast: root must be a rank from 0 to ${size - 1}, but is ${root}.`);
}

/** @throws ConfigError if a communicator is closed, or an operation is under way beside which no other may begin */
export function checkState(isClosed: boolean, isGathering: boolean): void {
  if (isClosed) throw new ConfigError('The communicator is closed.');
  if (isGathering) throw new ConfigError('allGatherVarying is under way: wait for it before the next call.');
}

function checkLength(call: string, values: Values): void {
  if (values.length > largestLength) {
    throw new ShapeError(
      `${call} takes up to ${largestLength} values, but got ${values.length}: call it for parts of them.`,
    );
  }
}

function describe(values: unknown): string {
  return typeof values === 'object' && values !== null
    ? `a ${values.constructor?.name ?? 'plain object'}`
    : String(values);
}
