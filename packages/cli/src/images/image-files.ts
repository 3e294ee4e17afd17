import { readdir } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { DataError } from '@openset/core';
import { type ImageSource, imageListSource } from '@openset/data';
import { imageExtensions } from '@openset/data/node';
import { pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';

const compareNaturally = new Intl.Collator('en', { numeric: true }).compare;

/**
 * Lists images by path. A file is listed as given; a folder gives all images below it in natural order, except hidden ones.
 * @throws DataError for a path that does not exist or a folder without images
 */
export async function listImages(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(paths.map(listPath));
  return lists.flat();
}

async function listPath(path: string): Promise<string[]> {
  const status = await pathStatus(path);
  if (!status) throw new DataError(`There is no file or folder '${path}'.`);
  if (!status.isDirectory()) return [path];
  const names = (await readdir(path, { recursive: true })).filter(isImageName);
  const statuses = await Promise.all(names.map((name) => pathStatus(join(path, name))));
  const found = names.filter((_, index) => statuses[index]?.isFile());
  if (found.length === 0) {
    throw new DataError(`The folder '${path}' has no images (${imageExtensions.join(', ')}).`);
  }
  return found.sort(compareNaturally).map((name) => join(path, name));
}

/** Skips hidden files, as image folders do: macOS writes the metadata of `x.jpg` to `._x.jpg`, which is not an image. */
function isImageName(name: string): boolean {
  const isHidden = name.split(sep).some((part) => part.startsWith('.'));
  return !isHidden && imageExtensions.includes(extname(name).toLowerCase());
}

/** Returns a source of images by path, without classes. */
export function imageFileSource(paths: readonly string[]): ImageSource {
  const list = { name: 'images', paths, labels: paths };
  return imageListSource(list, (path) => readBytes(path));
}
