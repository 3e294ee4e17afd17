import { readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { DataError } from '@openset/core';
import { type ImageSource, imageListSource } from '@openset/data';
import { readNamed } from '../files/read-named.ts';
import { statusOf } from '../files/status-of.ts';

/** How the names of pictures end. */
export const pictureEndings = ['.jpg', '.jpeg', '.png', '.webp', '.bmp'];
const naturally = new Intl.Collator('en', { numeric: true }).compare;

/**
 * The pictures that paths name: files as they are, folders with everything below them whose name begins with no dot, in natural
 * order.
 * @throws DataError for a path that does not exist, and a folder without pictures
 */
export async function listPictures(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(paths.map(picturesAt));
  return lists.flat();
}

async function picturesAt(path: string): Promise<string[]> {
  const status = await statusOf(path);
  if (!status) throw new DataError(`There is no file or folder '${path}'.`);
  if (!status.isDirectory()) return [path];
  const names = (await readdir(path, { recursive: true })).filter(isPictureName);
  const statuses = await Promise.all(names.map((name) => statusOf(join(path, name))));
  const found = names.filter((_, index) => statuses[index]?.isFile());
  if (found.length === 0) {
    throw new DataError(`'${path}' has no pictures (${pictureEndings.join(', ')}).`);
  }
  return found.sort(naturally).map((name) => join(path, name));
}

/** As folders with classes have them: macOS keeps what it knows of `x.jpg` in `._x.jpg`, which is no picture. */
function isPictureName(name: string): boolean {
  const isHidden = name.split(sep).some((part) => part.startsWith('.'));
  return !isHidden && pictureEndings.includes(extname(name).toLowerCase());
}

/** Pictures by their paths, without classes. */
export function pictureFiles(paths: readonly string[]): ImageSource {
  const list = { name: 'pictures', paths, labels: paths };
  return imageListSource(list, (path) => readNamed(path));
}
