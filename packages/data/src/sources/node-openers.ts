import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ImageSource } from '../source.ts';
import { type CifarOptions, readCifar } from './cifar-source.ts';
import { type IdxOptions, readIdx } from './idx-source.ts';
import { type ImageListOptions, imageListSource, readImageList } from './image-list.ts';
import { readFrom, readWholeFile, withFile, withFiles } from './node-file.ts';
import type { PairList } from './pair-list.ts';
import type { PathSource } from './path-source.ts';
import { type RecordIOOptions, type RecordIOSource, readRecordIO } from './record-io-source.ts';
import { readVerificationBin } from './verification-bin.ts';
import { type VerificationSet, verificationFromPairs } from './verification-set.ts';

/**
 * Opens an MXNet RecordIO set by the path of its `.rec` file; see `readRecordIO`. The index is the file of the same
 * name that ends in `.idx`; without it, the record file is gone through once.
 * @throws DataError if a file cannot be opened or is damaged
 * @throws ConfigError for options that do not go with the set
 */
export async function openRecordIO(path: string, options: RecordIOOptions = {}): Promise<RecordIOSource> {
  const indexPath = path.replace(/(\.rec)?$/, '.idx');
  const paths = (await exists(indexPath)) ? [path, indexPath] : [path];
  return withFiles(paths, ([records, index]) =>
    // There is one for each path.
    readRecordIO({ records: records as NonNullable<typeof records>, index }, options),
  );
}

/**
 * Opens an InsightFace verification set (`lfw.bin`); see `readVerificationBin`.
 * @throws DataError if it cannot be opened, is damaged or holds anything else
 */
export async function openVerificationBin(path: string): Promise<VerificationSet> {
  return withFile(path, readVerificationBin);
}

/** Options of `openImageList`. */
export interface OpenImageListOptions extends ImageListOptions {
  /** Folder that paths start from; default: that of the list. */
  readonly folder?: string;
  /** Names that the classes must have, those of another set; default: those of the list, in natural order. */
  readonly classNames?: readonly string[];
}

/**
 * Opens the pictures of a list (`label.txt`, CSV, `.lst`); see `readImageList`.
 * @throws DataError if the list cannot be opened or is damaged
 */
export async function openImageList(path: string, options: OpenImageListOptions = {}): Promise<PathSource> {
  const { folder = dirname(path) } = options;
  const list = await readFrom(path, (file) => readImageList(file, options));
  return imageListSource(list, (image) => readWholeFile(resolve(folder, image)), options);
}

/**
 * The verification set of a list of pairs whose pictures lie in a folder; read the list with `readFrom` and
 * `readLfwPairs`, `readPairTable` or `readCfpPairs`.
 */
export function openPairs(pairs: PairList, folder: string): VerificationSet {
  return verificationFromPairs(pairs, (path) => readWholeFile(resolve(folder, path)));
}

/**
 * Opens a set of the MNIST family by the paths of its unpacked files; see `readIdx`.
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
 * @throws ConfigError without files, or for class names of another number
 */
export async function openCifar(paths: readonly string[], options: CifarOptions): Promise<ImageSource> {
  return withFiles(paths, (files) => readCifar(files, options));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
