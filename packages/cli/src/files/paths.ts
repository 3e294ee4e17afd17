import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '@openset/core';

/** Returns the status of a path; null if nothing is there or the path is not accessible. */
export async function pathStatus(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}

/** Returns the absolute path behind symbolic links. A part that does not exist stays as it is. */
export async function resolveLinks(path: string): Promise<string> {
  const absolute = resolve(path);
  const real = await realpath(absolute).catch(() => null);
  if (real !== null) return real;
  const folder = dirname(absolute);
  return folder === absolute ? absolute : join(await resolveLinks(folder), basename(absolute));
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
