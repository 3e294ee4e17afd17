import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DataError } from '@openset/core';

/** Returns the status of a path; null if nothing is there or the path is not accessible. */
export async function pathStatus(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}

/** Returns the error for a path at which there is nothing. */
export function missingPath(path: string): DataError {
  // Node replaces bytes of arguments that are not UTF-8 by this character.
  const isUtf8 = !path.includes('\uFFFD');
  return new DataError(
    `There is no file or folder '${path}'.` +
      (isUtf8 ? '' : ' If its name is not UTF-8, rename it: such names cannot be passed as arguments.'),
  );
}
