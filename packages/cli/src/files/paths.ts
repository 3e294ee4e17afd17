import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Returns the status of a path; null if nothing is there or the path is not accessible. */
export async function pathStatus(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}

/**
 * Resolves paths relative to a folder, so that a file has one path however the folder was named. Links inside the folder are
 * not resolved.
 * @throws the error of the file system if the folder does not exist
 */
export async function resolvePaths(folder: string, paths: readonly string[]): Promise<string[]> {
  const start = await realpath(folder);
  return paths.map((path) => resolve(start, path));
}
