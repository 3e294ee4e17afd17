import { dirname, extname } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import { openPairs, openVerificationBin, readPairFile } from '@openset/data/node';
import { pathStatus } from '../files/paths.ts';
import type { Output } from '../output.ts';
import { noteListReport } from './note-list-report.ts';
import { type PairSet, shareImages, toPairSet } from './pair-set.ts';
import { resolvePaths } from './resolve-paths.ts';

/**
 * Opens pairs: an InsightFace `.bin` set, or a list of pairs as `readPairFile` of `@openset/data` reads it. Notes which lines of
 * a list are no pairs, and pairs that occur twice.
 * @param images folder that the paths in a list are relative to; default: the folder of the list
 * @throws DataError if the file does not exist or is damaged
 */
export async function openPairSet(path: string, images?: string, output?: Output): Promise<PairSet> {
  const status = await pathStatus(path);
  if (!status?.isFile()) throw new DataError(`There is no file '${path}'.`);
  if (extname(path) === '.bin') return toPairSet(await openVerificationBin(path), path);
  const folder = images ?? dirname(path);
  if (images !== undefined && !(await pathStatus(images))?.isDirectory()) {
    throw new DataError(`There is no folder '${images}'.`);
  }
  const list = await readPairFile(path, { folder });
  if (output) noteListReport(path, list.report, output);
  const paths = list.first.flatMap((first, pair) => [first, list.second[pair]!]);
  return shareImages({
    ...toPairSet(openPairs(list, folder), path),
    files: await resolvePaths(folder, paths),
  });
}

/** @throws ConfigError for a folder of images without pairs that it belongs to */
export function checkImagesOption(pairs: string | undefined, images: string | undefined): void {
  if (images === undefined || pairs !== undefined) return;
  throw new ConfigError(
    '--images needs --pairs: it is the folder that the paths in --pairs are relative to.',
  );
}
