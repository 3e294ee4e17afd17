import { isUtf8 } from 'node:buffer';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DataError } from '@openset/core';
import { imageExtensions } from './image-extensions.ts';
import { LeftOutCounter } from './left-out-files.ts';
import { compareNaturally } from './natural-order.ts';
import { readWholeFile, throwUnreadable } from './node-file.ts';
import { normalizeName } from './normalize-name.ts';
import { isSystemName } from './system-names.ts';

/** The image files below a folder. */
export interface FoundImages {
  /** Paths relative to the folder, with `/`. In names that are not UTF-8, other bytes are written like `\xE9`. */
  readonly paths: readonly string[];
  /** Names of the folders in the folder. */
  readonly folders: readonly string[];
  /** Counts of the other files. */
  readonly leftOut: LeftOutCounter;
  /**
   * Reads one of the images.
   * @throws DataError if it cannot be read or a name in its path is not UTF-8
   */
  readFile(path: string): Promise<Uint8Array>;
}

/**
 * Finds the image files below a folder, in natural order: in each folder first the files, then the folders. The order is
 * independent of the file system and of the Unicode form of names.
 *
 * Skips names that begin with a dot and names of the system, such as `@eaDir` and `Thumbs.db`. Follows symbolic links, but
 * visits each folder once, so links may form loops.
 * @param extensions file extensions of images, in lower case
 * @throws DataError if a folder cannot be read
 */
export async function findImages(
  folder: string,
  extensions: readonly string[] = imageExtensions,
): Promise<FoundImages> {
  const isImage = (name: string) => extensions.some((extension) => name.toLowerCase().endsWith(extension));
  const leftOut = new LeftOutCounter();
  const paths: string[] = [];
  const notUtf8 = new Set<string>();
  const visited = new Set<string>();
  const folders = (await visit(folder, '', true)) ?? [];
  return {
    paths,
    folders,
    leftOut,
    readFile: async (path) =>
      notUtf8.has(path) ? throwNotUtf8(join(folder, path)) : readWholeFile(join(folder, path)),
  };

  /**
   * @param prefix path of the folder relative to the root, with `/` at its end
   * @param isGood whether that path is UTF-8
   * @returns the names of the folders in it; null if it was visited before
   */
  async function visit(path: string | Buffer, prefix: string, isGood: boolean): Promise<string[] | null> {
    const shown = join(folder, prefix);
    const real = await realpath(path, 'buffer').catch((error) => throwUnreadable(shown, error));
    // Text with one character for each byte.
    const key = real.toString('latin1');
    if (visited.has(key)) return null;
    visited.add(key);
    const inner: Entry[] = [];
    for (const entry of await listFolder(path, shown)) {
      const { name, kind } = entry;
      if (isSystemName(name)) continue;
      if (name.startsWith('.')) {
        if (kind === 'file' && isImage(name) && !name.startsWith('._')) leftOut.hiddenImages += 1;
      } else if (kind === 'folder') {
        inner.push(entry);
      } else if (kind === 'broken link') {
        leftOut.brokenLinks += 1;
      } else if (kind === 'file' && isImage(name)) {
        paths.push(prefix + name);
        if (!isGood || !entry.isUtf8) notUtf8.add(prefix + name);
      } else if (kind === 'file') {
        leftOut.addFile(name);
      } else {
        leftOut.other += 1;
      }
    }
    const names: string[] = [];
    for (const { name, path: innerPath, isUtf8: isNameGood } of inner) {
      if (await visit(innerPath, `${prefix}${name}/`, isGood && isNameGood)) names.push(name);
    }
    return names;
  }
}

/** A name in a folder. */
interface Entry {
  /** The name; bytes that are not UTF-8 are written like `\xE9`. */
  readonly name: string;
  readonly isUtf8: boolean;
  /** Path for functions of the file system. */
  readonly path: string | Buffer;
  /** A link has the kind of its target. */
  readonly kind: 'file' | 'folder' | 'broken link' | 'other';
}

/**
 * Lists a folder in natural order.
 * @param shown path of the folder in messages
 */
async function listFolder(folder: string | Buffer, shown: string): Promise<Entry[]> {
  // As bytes, because decoding replaces bytes that are not UTF-8, and the file could not be found by such a name.
  const found = await readdir(folder, { encoding: 'buffer', withFileTypes: true }).catch((error) =>
    throwUnreadable(shown, error),
  );
  const entries = await Promise.all(
    found.map(async (entry): Promise<Entry & { readonly key: string }> => {
      const isGood = isUtf8(entry.name);
      const name = isGood ? entry.name.toString() : escapeBytes(entry.name);
      const path =
        isGood && typeof folder === 'string'
          ? join(folder, name)
          : Buffer.concat([Buffer.from(folder), Buffer.from(sep), entry.name]);
      const target = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
      const kind = !target
        ? 'broken link'
        : target.isFile()
          ? 'file'
          : target.isDirectory()
            ? 'folder'
            : 'other';
      return { name, isUtf8: isGood, path, kind, key: normalizeName(name) };
    }),
  );
  return entries.sort(
    (first, second) => compareNaturally(first.key, second.key) || compareNaturally(first.name, second.name),
  );
}

/** Returns text in which bytes that are not UTF-8 are written like `\xE9`. */
function escapeBytes(bytes: Buffer): string {
  let text = '';
  for (let start = 0; start < bytes.length; ) {
    const character = [1, 2, 3, 4]
      .map((length) => bytes.subarray(start, start + length))
      .find((part) => isUtf8(part));
    text += character?.toString() ?? `\\x${bytes.toString('hex', start, start + 1).toUpperCase()}`;
    start += character?.length ?? 1;
  }
  return text;
}

function throwNotUtf8(path: string): never {
  throw new DataError(
    `${path}: the name is not UTF-8. Rename the file or folder, for example with 'convmv -f latin1 -t utf8 --notest'.`,
  );
}
