import { DataError } from './errors.ts';

/**
 * Checks the values of a weight, before a file with it is written or used.
 * @param name of the weight, for the message
 * @throws DataError with the number of values that are NaN or infinite
 */
export function checkFiniteWeight(name: string, values: ArrayLike<number>): void {
  let count = 0;
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) count++;
  if (count === 0) return;
  throw new DataError(
    `Weight '${name}' has ${count} of ${values.length} values that are not finite: the training diverged, or the file is ` +
      'damaged. Use an earlier checkpoint, or train with a lower learning rate.',
  );
}
