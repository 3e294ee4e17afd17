import { readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { DataError } from '@openset/core';
import { type ImageSource, imageListSource } from '@openset/data';
import { imageExtensions } from '@openset/data/node';
import { readNamed } from '../files/read-named.ts';
import { statusOf } from '../files/status-of.ts';

const naturally = new Intl.Collator('en', { numeric: true }).compare;

/**
 * The images that paths name: files as they are, folders with everything below them whose name begins with no dot, in natural
 * order.
 * @throws DataError for a path that does not exist, and a folder without images
 */
export async function listImages(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(paths.map(imagesAt));
  return lists.flat();
}

async function imagesAt(path: string): Promise<string[]> {
  const status = await statusOf(path);
  if (!status) throw new DataError(`There is no file or folder '${path}'.`);
  if (!status.isDirectory()) return [path];
  const names = (await readdir(path, { recursive: true })).filter(isImageName);
  const statuses = await Promise.all(names.map((name) => statusOf(join(path, name))));
  const found = names.filter((_, index) => statuses[index]?.isFile());
  if (found.length === 0) {
    throw new DataError(`'${path}' has no images (${imageExtensions.join(', ')}).`);
  }
  return found.sort(naturally).map((name) => join(path, name));
}

/** As folders with classes have them: macOS keeps what it knows of `x.jpg` in `._x.jpg`, which is no image. */
function isImageName(name: string): boolean {
  const isHidden = name.split(sep).some((part) => part.startsWith('.'));
  return !isHidden && imageExtensions.includes(extname(name).toLowerCase());
}

/** Images by their paths, without classes. */
export function imageFileSource(paths: readonly string[]): ImageSource {
  const list = { name: 'images', paths, labels: paths };
  return imageListSource(list, (path) => readNamed(path));
}
