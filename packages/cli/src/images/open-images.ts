import { dirname, extname, join } from 'node:path';
import { DataError } from '@openset/core';
import { type ImageSource, type PathSource, subsetSource } from '@openset/data';
import { openImageFolder, openImageList, openRecordIO } from '@openset/data/node';
import { realPaths } from '../files/real-paths.ts';
import { statusOf } from '../files/status-of.ts';

const listEndings = ['.lst', '.txt', '.csv', '.tsv'];

/**
 * Opens images with classes: a folder with one folder for each class, a folder of an InsightFace set (`train.rec`), a
 * `.rec` file, or a list. Records without a class are left out.
 * @throws DataError if there is nothing of that kind
 */
export async function openImages(path: string): Promise<ImageSource> {
  const status = await statusOf(path);
  if (!status) throw new DataError(`There is no file or folder '${path}'.`);
  if (status.isDirectory()) {
    const records = join(path, 'train.rec');
    return (await isThere(records)) ? openRecords(records) : openImageFolder(path);
  }
  const ending = extname(path).toLowerCase();
  if (ending === '.rec') return openRecords(path);
  if (listEndings.includes(ending)) return openImageList(path);
  throw new DataError(
    `'${path}' is no set of images: expected a folder with one folder for each person, a .rec file, or a list ` +
      `(${listEndings.join(', ')}).`,
  );
}

/** A record without a class has the label −1: nobody known is on it. */
async function openRecords(path: string): Promise<ImageSource> {
  const source = await openRecordIO(path);
  const { labels } = source;
  if (labels.every((label) => label >= 0)) return source;
  const rows = [...labels.keys()].filter((row) => labels[row]! >= 0);
  if (rows.length > 0) return { ...subsetSource(source, rows), close: () => source.close() };
  await source.close();
  throw new DataError(`'${path}' says of none of its ${source.size} images who is on it: all labels are -1.`);
}

/**
 * The files of images that `openImages` has opened, without links.
 * @param path as it was given to `openImages`
 * @returns nothing where the images are no files of their own
 */
export async function imagePaths(source: ImageSource, path: string): Promise<readonly string[]> {
  const { paths } = source as Partial<PathSource>;
  if (!paths) return [];
  const isFolder = (await statusOf(path))?.isDirectory();
  return realPaths(isFolder ? path : dirname(path), paths);
}

/** The pairs that lie in the folder of an InsightFace set; null if there are none. */
export async function pairsBeside(data: string): Promise<string | null> {
  const folder = data.endsWith('.rec') ? join(data, '..') : data;
  const path = join(folder, 'lfw.bin');
  return (await isThere(path)) ? path : null;
}

async function isThere(path: string): Promise<boolean> {
  return (await statusOf(path))?.isFile() ?? false;
}
