import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';

/**
 * Paths that start from a folder in full, so that the same file has the same path however the folder was named. Links below
 * the folder are not looked for.
 * @throws what the file system says, if there is no such folder
 */
export async function realPaths(folder: string, paths: readonly string[]): Promise<string[]> {
  const start = await realpath(folder);
  return paths.map((path) => resolve(start, path));
}
