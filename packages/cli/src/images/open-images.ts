import { dirname, extname, join } from 'node:path';
import { DataError } from '@openset/core';
import { type ImageSource, type PathSource, subsetSource } from '@openset/data';
import { openImageFolder, openImageList, openRecordIO } from '@openset/data/node';
import { missingPath, pathStatus } from '../files/paths.ts';
import type { Output } from '../output.ts';
import { noteLeftOut } from './image-files.ts';
import { noteListReport } from './note-list-report.ts';
import { resolvePaths } from './resolve-paths.ts';

/** Extensions of lists of images. */
export const listExtensions = ['.lst', '.txt', '.csv', '.tsv'];

/**
 * Opens labelled images: a folder with one folder for each class, a folder of an InsightFace set (`train.rec`), a `.rec`
 * file or a list. Skips records without a class. Notes how many files of a folder and which lines of a list are not read.
 * @throws DataError if the path does not exist or is none of these
 */
export async function openImages(path: string, output: Output): Promise<ImageSource> {
  const status = await pathStatus(path);
  if (!status) throw missingPath(path);
  if (status.isDirectory()) {
    const records = join(path, 'train.rec');
    if (await isFile(records)) return openRecords(records);
    const source = await openImageFolder(path);
    noteLeftOut(source, output);
    return source;
  }
  const extension = extname(path).toLowerCase();
  if (extension === '.rec') return openRecords(path);
  if (listExtensions.includes(extension)) {
    const source = await openImageList(path);
    noteListReport(path, source.report, output);
    return source;
  }
  throw new DataError(
    `'${path}' is not a set of images: expected a folder with one folder for each person, a .rec file or a list ` +
      `(${listExtensions.join(', ')}).`,
  );
}

/** Opens records and skips those without a class, which have the label −1. */
async function openRecords(path: string): Promise<ImageSource> {
  const source = await openRecordIO(path);
  const { labels } = source;
  if (labels.every((label) => label >= 0)) return source;
  const rows = [...labels.keys()].filter((row) => labels[row]! >= 0);
  if (rows.length > 0) return { ...subsetSource(source, rows), close: () => source.close() };
  await source.close();
  throw new DataError(`None of the ${source.size} images in '${path}' has a class: all labels are -1.`);
}

/**
 * Returns the absolute paths of the images in a source from `openImages`.
 * @param path argument of `openImages`
 * @returns an empty list if the images are not separate files
 */
export async function imagePaths(source: ImageSource, path: string): Promise<readonly string[]> {
  const { paths } = source as Partial<PathSource>;
  if (!paths) return [];
  const isFolder = (await pathStatus(path))?.isDirectory();
  return resolvePaths(isFolder ? path : dirname(path), paths);
}

/** Returns the path of `lfw.bin` in the folder of an InsightFace set; null if there is none. */
export async function findVerificationSet(data: string): Promise<string | null> {
  const folder = data.endsWith('.rec') ? join(data, '..') : data;
  const path = join(folder, 'lfw.bin');
  return (await isFile(path)) ? path : null;
}

async function isFile(path: string): Promise<boolean> {
  return (await pathStatus(path))?.isFile() ?? false;
}
