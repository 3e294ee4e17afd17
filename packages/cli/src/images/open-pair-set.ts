import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { DataError } from '@openset/core';
import { readLfwPairs, readPairTable } from '@openset/data';
import { imageExtensions, openPairs, openVerificationBin, readFrom } from '@openset/data/node';
import { realPaths } from '../files/real-paths.ts';
import { statusOf } from '../files/status-of.ts';
import { type PairSet, pairsOfVerificationSet } from './pair-set.ts';

/**
 * Opens pairs: a `.bin` set of InsightFace, LFW's `pairs.txt`, or a table `path, path, same[, fold]`.
 * @param images folder that the paths of a list start from; default that of the list
 * @throws DataError if there is no such file, or it is damaged
 */
export async function openPairSet(path: string, images?: string): Promise<PairSet> {
  const status = await statusOf(path);
  if (!status?.isFile()) throw new DataError(`There is no file '${path}'.`);
  if (extname(path) === '.bin') return pairsOfVerificationSet(await openVerificationBin(path), path);
  const folder = images ?? dirname(path);
  if (images !== undefined && !(await statusOf(images))?.isDirectory()) {
    throw new DataError(`There is no folder '${images}'.`);
  }
  const list = (await isLfwList(path))
    ? await readFrom(path, async (file) => readLfwPairs(file, { extension: await endingOf(path, folder) }))
    : await readFrom(path, readPairTable);
  const paths = list.first.flatMap((first, pair) => [first, list.second[pair]!]);
  return { ...pairsOfVerificationSet(openPairs(list, folder), path), files: await realPaths(folder, paths) };
}

/** Whether the second field of the first pair is the number of an image, as in LFW's lists, and not a path. */
async function isLfwList(path: string): Promise<boolean> {
  return /^\d+$/.test((await firstPair(path))[1] ?? '');
}

/** The ending of the images that LFW's lists leave out. */
async function endingOf(path: string, folder: string): Promise<string> {
  const [name = '', number = ''] = await firstPair(path);
  for (const ending of imageExtensions) {
    const image = join(folder, name, `${name}_${number.padStart(4, '0')}${ending}`);
    if (await statusOf(image)) return ending;
  }
  return imageExtensions[0]!;
}

/** The fields of the first line that is a pair: one of one or two numbers says how many pairs there are. */
async function firstPair(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, 10);
  const fields = lines.map((line) => line.trim().split(/[\s,;]+/));
  return fields.find((parts) => parts.length > 2) ?? [];
}
