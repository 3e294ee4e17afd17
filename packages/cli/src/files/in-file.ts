import { DataError, OpenSetError } from '@openset/core';

/** Does some work on the content of a file. @throws DataError with the path and the message of what the work throws */
export async function inFile<Result>(path: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OpenSetError)) throw error;
    throw new DataError(`${path}: ${error.problem}`, { cause: error, advice: error.advice });
  }
}
