import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { classTableFromNames } from './class-table.ts';
import { imageExtensions } from './image-extensions.ts';
import { compareNaturally } from './natural-order.ts';
import { readWholeFile, throwUnreadable } from './node-file.ts';
import { type PathSource, pathSource } from './path-source.ts';

/** Options of `openImageFolder`. */
export interface ImageFolderOptions {
  /** File extensions of images, in lower case; default `imageExtensions`. File names may have upper or lower case. */
  readonly extensions?: readonly string[];
  /** Class names of another set, to number classes alike; default: the folders with images, in natural order. */
  readonly classNames?: readonly string[];
}

/**
 * Opens a folder with one subfolder of images for each class, like Labeled Faces in the Wild:
 * `Jane_Doe/Jane_Doe_0001.jpg`. Images may be nested deeper in the folder of their class. Classes and images are in
 * natural order, independent of the file system.
 *
 * Skips names that begin with a dot, folders without images, and images outside of class folders. Follows symbolic
 * links, but visits each folder once, so links may form loops.
 * @throws DataError if the folder cannot be read or contains no images
 */
export async function openImageFolder(folder: string, options: ImageFolderOptions = {}): Promise<PathSource> {
  const { extensions = imageExtensions } = options;
  const isImage = (name: string) => extensions.some((extension) => name.toLowerCase().endsWith(extension));
  const visited = new Set([await realpath(folder).catch((error) => throwUnreadable(folder, error))]);
  const paths: string[] = [];
  const names: string[] = [];
  const top = await listFolder(folder);
  for (const className of top.folders) {
    const start = paths.length;
    await collectImages(folder, className, isImage, visited, paths);
    for (let index = start; index < paths.length; index++) names.push(className);
  }
  if (paths.length === 0) {
    const loose = top.files.filter(isImage).length;
    throw new DataError(
      `${folder}: found no images (${extensions.join(', ')}) in ${top.folders.length} class folders` +
        `${loose > 0 ? `, but ${loose} outside of them; put each class into its own folder` : ''}.`,
    );
  }
  return pathSource({
    name: folder,
    paths,
    ...classTableFromNames(names, folder, options.classNames),
    readFile: (path) => readWholeFile(join(folder, path)),
  });
}

/** Appends the images below `path` to `found`; all paths are relative to the root. */
async function collectImages(
  root: string,
  path: string,
  isImage: (name: string) => boolean,
  visited: Set<string>,
  found: string[],
): Promise<void> {
  const folder = join(root, path);
  const real = await realpath(folder).catch((error) => throwUnreadable(folder, error));
  if (visited.has(real)) return;
  visited.add(real);
  const { files, folders } = await listFolder(folder);
  for (const file of files) {
    if (isImage(file)) found.push(`${path}/${file}`);
  }
  for (const inner of folders) await collectImages(root, `${path}/${inner}`, isImage, visited, found);
}

/** Lists a folder in natural order, without names that begin with a dot. A link counts as its target. */
async function listFolder(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) =>
    throwUnreadable(folder, error),
  );
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    // Skips links that are broken or link to themselves.
    const kind = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => null) : entry;
    if (kind?.isDirectory()) folders.push(entry.name);
    else if (kind?.isFile()) files.push(entry.name);
  }
  return { files: files.sort(compareNaturally), folders: folders.sort(compareNaturally) };
}
