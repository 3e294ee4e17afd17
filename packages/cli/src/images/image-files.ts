import { type ImageSource, imageListSource, type PathSource } from '@openset/data';
import { describeLeftOut, type ImageFolderSource, openImageFiles } from '@openset/data/node';
import { missingPath, pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import type { Output } from '../output.ts';

/**
 * Opens images by path. A file is an image whatever its name; a folder has all images below it. Notes how many other files
 * the folders have.
 * @throws DataError for a path that does not exist or a folder without images
 */
export async function openImagePaths(paths: readonly string[], output: Output): Promise<PathSource> {
  for (const path of paths) if (!(await pathStatus(path))) throw missingPath(path);
  const source = await openImageFiles(paths);
  noteLeftOut(source, output);
  return source;
}

/** Notes the files of a folder that are not read, in one line: `left out: 12 .svg, 3 other`. */
export function noteLeftOut({ leftOut }: ImageFolderSource, output: Output): void {
  const text = describeLeftOut(leftOut);
  if (text !== null) output.note(`left out: ${text}`);
}

/** Returns a source of image files by path, without classes. */
export function imageFileSource(paths: readonly string[]): ImageSource {
  const list = { name: 'images', paths, labels: paths };
  return imageListSource(list, (path) => readBytes(path));
}
