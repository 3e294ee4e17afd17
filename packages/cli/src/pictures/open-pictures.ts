import { extname, join } from 'node:path';
import { DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { openImageFolder, openImageList, openRecordIO } from '@openset/data/node';
import { statusOf } from '../files/status-of.ts';

const listEndings = ['.lst', '.txt', '.csv', '.tsv'];

/**
 * Opens pictures with classes: a folder with one folder for each class, a folder of an InsightFace set (`train.rec`), a
 * `.rec` file, or a list.
 * @throws DataError if there is nothing of that kind
 */
export async function openPictures(path: string): Promise<ImageSource> {
  const status = await statusOf(path);
  if (!status) throw new DataError(`There is no file or folder '${path}'.`);
  if (status.isDirectory()) {
    const records = join(path, 'train.rec');
    return (await isThere(records)) ? openRecordIO(records) : openImageFolder(path);
  }
  const ending = extname(path).toLowerCase();
  if (ending === '.rec') return openRecordIO(path);
  if (listEndings.includes(ending)) return openImageList(path);
  throw new DataError(
    `'${path}' is no set of pictures: expected a folder with one folder for each person, a .rec file, or a list ` +
      `(${listEndings.join(', ')}).`,
  );
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
