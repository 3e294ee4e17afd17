import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { findImages } from './find-images.ts';
import { imageExtensions } from './image-extensions.ts';
import type { ImageFolderSource } from './image-folder.ts';
import { describeLeftOut, LeftOutCounter } from './left-out-files.ts';
import { readWholeFile, throwUnreadable } from './node-file.ts';
import { pathSource } from './path-source.ts';

/**
 * Opens images without classes by path. A file is an image whatever its name; a folder has all images below it, as
 * `openImageFolder` finds them. Every label is −1.
 * @throws DataError for a path that does not exist and for a folder without images
 */
export async function openImageFiles(paths: readonly string[]): Promise<ImageFolderSource> {
  const leftOut = new LeftOutCounter();
  const files: string[] = [];
  const readers = new Map<string, () => Promise<Uint8Array>>();
  for (const path of paths) {
    const status = await stat(path).catch((error) => throwUnreadable(path, error));
    if (!status.isDirectory()) {
      files.push(path);
      continue;
    }
    const found = await findImages(path);
    if (found.paths.length === 0) {
      const rest = describeLeftOut(found.leftOut.toCounts());
      throw new DataError(
        `The folder '${path}' has no images (${imageExtensions.join(', ')}).` +
          `${rest === null ? '' : ` It has other files: ${rest}.`}`,
      );
    }
    leftOut.add(found.leftOut);
    for (const image of found.paths) {
      const file = join(path, image);
      files.push(file);
      readers.set(file, () => found.readFile(image));
    }
  }
  const labels = new Int32Array(files.length).fill(-1);
  const readFile = (path: string) => (readers.get(path) ?? (() => readWholeFile(path)))();
  return {
    ...pathSource({ name: 'images', paths: files, classNames: [], labels, readFile }),
    leftOut: leftOut.toCounts(),
  };
}
