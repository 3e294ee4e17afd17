import { DataError } from '@openset/core';
import { readNamed } from './read-named.ts';

/**
 * Reads a JSON file.
 * @param missing what to say if there is none
 * @throws DataError if it cannot be read or is not JSON
 */
export async function readJson(path: string, missing?: string): Promise<unknown> {
  const bytes = await readNamed(path, missing);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new DataError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
}
