import { DataError } from '@openset/core';
import { classTableFromNames } from './class-table.ts';
import { findImages } from './find-images.ts';
import { imageExtensions } from './image-extensions.ts';
import { describeLeftOut, type LeftOutFiles } from './left-out-files.ts';
import { type PathSource, pathSource } from './path-source.ts';

/** Options of `openImageFolder`. */
export interface ImageFolderOptions {
  /** File extensions of images, in lower case; default `imageExtensions`. File names may have upper or lower case. */
  readonly extensions?: readonly string[];
  /** Class names of another set, to number classes alike; default: the folders with images, in natural order. */
  readonly classNames?: readonly string[];
}

/** The images of a folder, or of several. */
export interface ImageFolderSource extends PathSource {
  /** Numbers of the files that are not images of the set. */
  readonly leftOut: LeftOutFiles;
}

/**
 * Opens a folder with one subfolder of images for each class, like Labeled Faces in the Wild:
 * `Jane_Doe/Jane_Doe_0001.jpg`. Images may be nested deeper in the folder of their class. Classes and images are in
 * natural order, independent of the file system. Folders whose names differ only in Unicode form (NFC, NFD) are one class.
 *
 * Skips names that begin with a dot, names of the system such as `@eaDir`, folders without images, and images outside of
 * class folders; `leftOut` counts what is skipped. Follows symbolic links, but visits each folder once, so links may form
 * loops. An image whose path is not UTF-8 is part of the set, and reading it is an error.
 * @throws DataError if the folder cannot be read or contains no images
 */
export async function openImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageFolderSource> {
  const { extensions = imageExtensions } = options;
  const { leftOut, ...found } = await findImages(folder, extensions);
  const paths = found.paths.filter((path) => path.includes('/'));
  const names = paths.map((path) => path.slice(0, path.indexOf('/')));
  leftOut.imagesOutsideOfClasses = found.paths.length - paths.length;
  leftOut.foldersWithoutImages = found.folders.length - new Set(names).size;
  const counts = leftOut.toCounts();
  if (paths.length === 0) {
    const rest = describeLeftOut({ ...counts, imagesOutsideOfClasses: 0, foldersWithoutImages: 0 });
    const loose = leftOut.imagesOutsideOfClasses;
    throw new DataError(
      `${folder}: found no images (${extensions.join(', ')}) in ${found.folders.length} class folders` +
        `${loose > 0 ? `, but ${loose} outside of them; put each class into its own folder` : ''}.` +
        `${rest === null ? '' : ` It has other files: ${rest}.`}`,
    );
  }
  const { readFile } = found;
  const table = classTableFromNames(names, folder, options.classNames);
  return { ...pathSource({ name: folder, paths, ...table, readFile }), leftOut: counts };
}
