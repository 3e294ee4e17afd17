import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '@openset/core';
import { compareNaturally } from './natural-order.ts';
import { normalizeName } from './normalize-name.ts';

/** Maximum number of folders whose names are held in memory. */
const maximumFolders = 1000;

/** The names in folders, read once. One object serves all paths of a list. */
export class FolderNames {
  readonly #folders = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>();

  /**
   * Returns the names in a folder that equal a name but for Unicode form and upper or lower case, in natural order.
   * A folder that cannot be listed has none.
   */
  async findSimilar(folder: string, name: string): Promise<readonly string[]> {
    let names = this.#folders.get(folder);
    if (!names) {
      if (this.#folders.size >= maximumFolders) this.#folders.clear();
      names = readNames(folder);
      this.#folders.set(folder, names);
    }
    return (await names).get(foldCase(name)) ?? [];
  }
}

/**
 * Returns the path of an image file that a list names. The path is taken as written; if there is no such file, with
 * backslashes as separators, as in lists made on Windows; then with names in another Unicode form (NFC or NFD), as in
 * archives made on macOS.
 * @param folder base of relative paths
 * @param path path in the list
 * @param names names in folders, shared by all paths of a list
 * @throws DataError if there is no such file
 */
export async function resolveImagePath(
  folder: string,
  path: string,
  names = new FolderNames(),
): Promise<string> {
  const found = await findImagePath(folder, path, names);
  if (found !== null) return found;
  const similar = await findFile(folder, path, names, foldCase);
  const hint =
    similar === null ? '' : ` Did you mean '${similar}'? Upper and lower case must be as in the file's name.`;
  throw new DataError(`There is no file '${path}' in the folder '${folder}'.${hint}`);
}

/** Returns what `resolveImagePath` returns, or null if there is no such file. */
export function findImagePath(
  folder: string,
  path: string,
  names = new FolderNames(),
): Promise<string | null> {
  return findFile(folder, path, names, normalizeName);
}

/** @param fold returns equal text for names that count as equal */
async function findFile(
  folder: string,
  path: string,
  names: FolderNames,
  fold: (name: string) => string,
): Promise<string | null> {
  const written = [...new Set([path, path.replaceAll('\\', '/')])].map((one) => resolve(folder, one));
  for (const candidate of written) if (await isFile(candidate)) return candidate;
  const base = resolve(folder);
  for (const candidate of written) {
    for (const equal of await findEqualPaths(candidate)) if (await isFile(equal)) return equal;
  }
  return null;

  /** Several folders can have equal names, and any of them can hold the file. */
  async function findEqualPaths(full: string): Promise<string[]> {
    const parent = dirname(full);
    if (full === base || parent === full) return [full];
    const name = basename(full);
    const found: string[] = [];
    for (const one of await findEqualPaths(parent)) {
      const equal = (await names.findSimilar(one, name)).filter((other) => fold(other) === fold(name));
      // The parent of a folder may forbid listing and still give access to the folder.
      for (const other of equal.length > 0 ? equal : [name]) found.push(join(one, other));
    }
    return found;
  }
}

async function readNames(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string[]>();
  for (const name of await readdir(folder).catch(() => [])) {
    const key = foldCase(name);
    const others = names.get(key);
    if (others) others.push(name);
    else names.set(key, [name]);
  }
  for (const others of names.values()) others.sort(compareNaturally);
  return names;
}

function foldCase(name: string): string {
  return normalizeName(normalizeName(name).toLowerCase());
}

/** Whether a path is a file. Errors other than a missing path are left to the reader of the file, which explains them. */
function isFile(path: string): Promise<boolean> {
  const missing = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'];
  return stat(path).then(
    (status) => status.isFile(),
    (error: NodeJS.ErrnoException) => !missing.includes(error.code ?? ''),
  );
}
