import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ImageSource } from '../source.ts';
import type { FileExists } from './choose-reading.ts';
import { type CifarOptions, readCifar } from './cifar-source.ts';
import { type IdxOptions, readIdx } from './idx-source.ts';
import { type ImageListOptions, imageListSource, readImageList } from './image-list.ts';
import type { LfwPairsOptions } from './lfw-pairs.ts';
import { readFrom, readWholeFile, withFile, withFiles } from './node-file.ts';
import type { PairList } from './pair-list.ts';
import type { PairTableOptions } from './pair-table.ts';
import type { PathSource } from './path-source.ts';
import { readPairs } from './read-pairs.ts';
import { type RecordIOOptions, type RecordIOSource, readRecordIO } from './record-io-source.ts';
import { FolderNames, findImagePath, resolveImagePath } from './resolve-image-path.ts';
import { readVerificationBin } from './verification-bin.ts';
import { type VerificationSet, verificationSetFromPairs } from './verification-set.ts';

/**
 * Opens an MXNet RecordIO set by the path of its `.rec` file; see `readRecordIO`. The index is the file of the same name
 * that ends in `.idx`; if it is missing, the record file is scanned once.
 * @throws DataError if a file cannot be opened or is damaged
 * @throws ConfigError for options that do not match the set
 */
export async function openRecordIO(path: string, options: RecordIOOptions = {}): Promise<RecordIOSource> {
  const indexPath = path.replace(/(\.rec)?$/, '.idx');
  const paths = (await exists(indexPath)) ? [path, indexPath] : [path];
  return withFiles(paths, ([records, index]) =>
    // `withFiles` opens one file for each path.
    readRecordIO({ records: records as NonNullable<typeof records>, index }, options),
  );
}

/**
 * Opens an InsightFace verification set (`lfw.bin`); see `readVerificationBin`.
 * @throws DataError if it cannot be opened, is damaged or has other content
 */
export async function openVerificationBin(path: string): Promise<VerificationSet> {
  return withFile(path, readVerificationBin);
}

/** Options of `openImageList`. */
export interface OpenImageListOptions extends ImageListOptions {
  /** Base folder of relative paths; default: the folder of the list. */
  readonly folder?: string;
  /** Class names of another set, to number classes alike; default: the classes of the list, in natural order. */
  readonly classNames?: readonly string[];
}

/**
 * Opens the images of a list (`label.txt`, CSV, `.lst`); see `readImageList`. `resolveImagePath` finds the files.
 * @throws DataError if the list cannot be opened or is damaged, and if it can be read in several ways
 */
export async function openImageList(path: string, options: OpenImageListOptions = {}): Promise<PathSource> {
  const { folder = dirname(path) } = options;
  const fileExists = createFileExists(folder);
  const list = await readFrom(path, (file) => readImageList(file, { fileExists, ...options }));
  return imageListSource(list, listedFileReader(folder), options);
}

/** Options of `readPairFile`. */
export interface PairFileOptions extends PairTableOptions, LfwPairsOptions {
  /** Base folder of relative paths; default: the folder of the list. */
  readonly folder?: string;
}

/**
 * Reads a list of pairs in LFW's form or a table, by its path; see `readPairs`. The files in the folder decide what the words of
 * the list leave open: whether the first line is a header, and what file extension the images of LFW's lists have.
 * @throws DataError if the list cannot be opened or is damaged, and if it can be read in several ways
 * @throws ConfigError for the option `folds` if the list has folds or cannot be divided evenly
 */
export async function readPairFile(path: string, options: PairFileOptions = {}): Promise<PairList> {
  const fileExists = createFileExists(options.folder ?? dirname(path));
  return readFrom(path, (file) => readPairs(file, { fileExists, ...options }));
}

/**
 * Returns the verification set of a list of pairs with images in a folder. Read the list with `readPairFile` or
 * `readCfpFolder`. `resolveImagePath` finds the files.
 */
export function openPairs(pairs: PairList, folder: string): VerificationSet {
  return verificationSetFromPairs(pairs, listedFileReader(folder));
}

/**
 * Opens a set of the MNIST family by the paths of its decompressed files; see `readIdx`.
 * @throws DataError if a file cannot be opened or is damaged
 */
export async function openIdx(
  paths: { readonly images: string; readonly labels: string },
  options: IdxOptions = {},
): Promise<ImageSource> {
  return withFile(paths.images, (images) =>
    withFile(paths.labels, (labels) => readIdx({ images, labels }, options)),
  );
}

/**
 * Opens CIFAR-10 or CIFAR-100 by the paths of its binary files; see `readCifar`.
 * @throws DataError if a file cannot be opened or is damaged
 * @throws ConfigError without files, or for a wrong number of class names
 */
export async function openCifar(paths: readonly string[], options: CifarOptions): Promise<ImageSource> {
  return withFiles(paths, (files) => readCifar(files, options));
}

/** Returns a function that reads files by their paths in a list. */
function listedFileReader(folder: string): (path: string) => Promise<Uint8Array> {
  const names = new FolderNames();
  return async (path) => readWholeFile(await resolveImagePath(folder, path, names));
}

/** Returns the option `fileExists` of readers of lists. */
function createFileExists(folder: string): FileExists {
  const names = new FolderNames();
  return async (path) => (await findImagePath(folder, path, names)) !== null;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
