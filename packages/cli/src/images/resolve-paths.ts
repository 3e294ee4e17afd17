import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { normalizeName } from '@openset/data';

/**
 * Resolves paths relative to a folder for comparison: a file has one path however the folder and the file were named, with
 * backslashes and in any Unicode form. Links inside the folder are not resolved.
 * @throws the error of the file system if the folder does not exist
 */
export async function resolvePaths(folder: string, paths: readonly string[]): Promise<string[]> {
  const start = await realpath(folder);
  return paths.map((path) => normalizeName(resolve(start, path.replaceAll('\\', '/'))));
}
