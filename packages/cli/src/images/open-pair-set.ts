import { readFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { DataError } from '@openset/core';
import { readLfwPairs, readPairTable } from '@openset/data';
import {
  FolderNames,
  findImagePath,
  imageExtensions,
  openPairs,
  openVerificationBin,
  readFrom,
} from '@openset/data/node';
import { pathStatus } from '../files/paths.ts';
import { type PairSet, toPairSet } from './pair-set.ts';
import { resolvePaths } from './resolve-paths.ts';

/**
 * Opens pairs: an InsightFace `.bin` set, LFW's `pairs.txt` or a table `path, path, same[, fold]`.
 * @param images folder that the paths in a list are relative to; default: the folder of the list
 * @throws DataError if the file does not exist or is damaged
 */
export async function openPairSet(path: string, images?: string): Promise<PairSet> {
  const status = await pathStatus(path);
  if (!status?.isFile()) throw new DataError(`There is no file '${path}'.`);
  if (extname(path) === '.bin') return toPairSet(await openVerificationBin(path), path);
  const folder = images ?? dirname(path);
  if (images !== undefined && !(await pathStatus(images))?.isDirectory()) {
    throw new DataError(`There is no folder '${images}'.`);
  }
  const list = (await isLfwList(path))
    ? await readFrom(path, async (file) =>
        readLfwPairs(file, { extension: await findExtension(path, folder) }),
      )
    : await readFrom(path, readPairTable);
  const paths = list.first.flatMap((first, pair) => [first, list.second[pair]!]);
  return {
    ...toPairSet(openPairs(list, folder), path),
    files: await resolvePaths(folder, paths),
  };
}

/** Whether the second field of the first pair is an image number, as in LFW's lists, and not a path. */
async function isLfwList(path: string): Promise<boolean> {
  return /^\d+$/.test((await firstPair(path))[1] ?? '');
}

/** Returns the file extension of the images, which LFW's lists omit. */
async function findExtension(path: string, folder: string): Promise<string> {
  const [name = '', number = ''] = await firstPair(path);
  const names = new FolderNames();
  for (const extension of imageExtensions.flatMap((one) => [one, one.toUpperCase()])) {
    const image = `${name}/${name}_${number.padStart(4, '0')}${extension}`;
    if (await findImagePath(folder, image, names)) return extension;
  }
  return imageExtensions[0]!;
}

/** Returns the fields of the first pair. A line before it with one or two numbers gives the number of pairs. */
async function firstPair(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, 10);
  const fields = lines.map((line) => line.trim().split(/[\s,;]+/));
  return fields.find((parts) => parts.length > 2) ?? [];
}
