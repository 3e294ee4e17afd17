import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { tableOfNames } from './class-table.ts';
import { compareNaturally } from './natural-order.ts';
import { readWholeFile } from './node-file.ts';
import { type PathSource, pathSource } from './path-source.ts';

/** Options of `openImageFolder`. */
export interface ImageFolderOptions {
  /** Endings of pictures; default `.jpg`, `.jpeg`, `.png`, `.webp`, `.bmp`, in small letters or capitals. */
  readonly extensions?: readonly string[];
  /** Names that the classes must have, those of another set; default: the folders with pictures, in natural order. */
  readonly classNames?: readonly string[];
}

/**
 * Opens a folder with a folder of pictures for each class, as Labeled Faces in the Wild has them:
 * `Jane_Doe/Jane_Doe_0001.jpg`. Pictures may lie deeper within the folder of the class. Everything is in natural order,
 * whatever order the disk has. Names that begin with a dot are left out, as are folders without pictures and pictures
 * in no folder of a class. Links are followed, but no folder is visited twice, so they may form a loop.
 * @throws DataError if the folder cannot be read, or no picture is found
 */
export async function openImageFolder(folder: string, options: ImageFolderOptions = {}): Promise<PathSource> {
  const { extensions = ['.jpg', '.jpeg', '.png', '.webp', '.bmp'] } = options;
  const isImage = (name: string) => extensions.some((extension) => name.toLowerCase().endsWith(extension));
  const visited = new Set([await realpath(folder).catch((error) => refuse(folder, error))]);
  const paths: string[] = [];
  const names: string[] = [];
  const top = await listFolder(folder);
  for (const className of top.folders) {
    const before = paths.length;
    await collect(folder, className, isImage, visited, paths);
    for (let index = before; index < paths.length; index++) names.push(className);
  }
  if (paths.length === 0) {
    const loose = top.files.filter(isImage).length;
    throw new DataError(
      `${folder}: found no pictures (${extensions.join(', ')}) in ${top.folders.length} folders of classes` +
        `${loose > 0 ? `, and ${loose} in no such folder; put each class into a folder of its own` : ''}.`,
    );
  }
  return pathSource({
    name: folder,
    paths,
    ...tableOfNames(names, folder, options.classNames),
    readFile: (path) => readWholeFile(join(folder, path)),
  });
}

/** Adds the pictures below `path`, given relative to the root. */
async function collect(
  root: string,
  path: string,
  isImage: (name: string) => boolean,
  visited: Set<string>,
  found: string[],
): Promise<void> {
  const folder = join(root, path);
  const real = await realpath(folder).catch((error) => refuse(folder, error));
  if (visited.has(real)) return;
  visited.add(real);
  const { files, folders } = await listFolder(folder);
  for (const file of files) {
    if (isImage(file)) found.push(`${path}/${file}`);
  }
  for (const inner of folders) await collect(root, `${path}/${inner}`, isImage, visited, found);
}

/** Names in natural order, without those that begin with a dot. Links count as what they lead to. */
async function listFolder(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => refuse(folder, error));
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    // A link that leads nowhere, or to itself, is none.
    const kind = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => null) : entry;
    if (kind?.isDirectory()) folders.push(entry.name);
    else if (kind?.isFile()) files.push(entry.name);
  }
  return { files: files.sort(compareNaturally), folders: folders.sort(compareNaturally) };
}

function refuse(folder: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new DataError(`${folder}: cannot be read (${reason}).`, { cause: error });
}
