import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DataError } from '@openset/core';

/** Returns the status of a path; null if nothing is there or the path is not accessible. */
export async function pathStatus(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}

/**
 * Returns the error for a path at which there is nothing.
 * @param what the thing that was expected there
 */
export function missingPath(path: string, what = 'file or folder'): DataError {
  // Node replaces bytes of arguments that are not UTF-8 by this character.
  const hint = path.includes('\uFFFD')
    ? ' If its name is not UTF-8, rename it, for example with convmv.'
    : '';
  return new DataError(`There is no ${what} '${path}'.${hint}`);
}
