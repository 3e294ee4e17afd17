import { DataError } from '@openset/core';
import { ApiError } from './api-error.ts';

/**
 * Returns the result of a call whose `DataError` is a fault of the request, such as a blank name. Other errors, and a `DataError` of other
 * calls, can hold paths of this machine.
 * @throws ApiError with the message of the `DataError`
 */
export async function faultsOfClient<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof DataError ? new ApiError(422, 'unusable', error.message) : error;
  }
}
