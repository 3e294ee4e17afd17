import { DataError } from '@openset/core';
import type { FolderImage } from '../folder-set.ts';
import { readPicture } from './read-picture.ts';

const mostFiles = 20_000;
const pictureName = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;

/** The pictures of a folder. */
export interface FolderPictures {
  readonly images: readonly FolderImage[];
  /** Why pictures were skipped. */
  readonly problems: readonly string[];
}

/**
 * Reads the pictures of a folder, whose class is the name of the folder that each lies in. Skips files that cannot be read.
 * @param onProgress called with the number of pictures that are read
 * @throws DataError if there are no pictures, or too many
 */
export async function readFolder(
  files: readonly File[],
  onProgress: (done: number, total: number) => void,
): Promise<FolderPictures> {
  const pictures = files.filter(({ name }) => pictureName.test(name));
  if (pictures.length === 0) {
    throw new DataError(
      'The folder has no pictures. Choose one that holds a folder of PNG, JPEG or WebP files for each class.',
    );
  }
  if (pictures.length > mostFiles) {
    throw new DataError(
      `The folder has ${pictures.length} pictures, more than the limit of ${mostFiles} of this page. Choose a smaller one, or train with ` +
        "'openset train'.",
    );
  }
  const images: FolderImage[] = [];
  const problems: string[] = [];
  for (const [index, file] of pictures.entries()) {
    try {
      const className = file.webkitRelativePath.split('/').at(-2) ?? '';
      images.push({ className, pixels: await readPicture(file) });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      problems.push(error.message);
    }
    onProgress(index + 1, pictures.length);
  }
  return { images, problems };
}
