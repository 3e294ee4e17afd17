import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError } from '@openset/core';
import type { ImageSource, PathSource } from '@openset/data';
import { FolderNames, findImagePath } from '@openset/data/node';
import { z } from 'zod';
import { objectSchema, parseSettings } from '../config/parse-settings.ts';
import { pathStatus } from '../files/paths.ts';
import { readBytes } from '../files/read-file.ts';
import { writeAtomically } from '../files/write-file.ts';
import { type ContentHashes, contentHash } from '../images/content-hashes.ts';

/** An image file at the start of a run. */
export interface ListedImage {
  /** Path in the folder or list. */
  readonly path: string;
  /** Index of the class. */
  readonly label: number;
  /** State of the file; null if there was none. */
  readonly file: FileState | null;
}

/** What tells whether a file was replaced. */
export interface FileState {
  /** Number of bytes. */
  readonly size: number;
  /** Time of the last change, in milliseconds since 1970. */
  readonly modified: number;
  /** Hash of the content; missing if the run did not read all images at its start. */
  readonly hash?: string | undefined;
}

/** The images that a run starts with, so that it can resume when some of them are gone. */
export interface ImageManifest {
  readonly classNames: readonly string[];
  /** Indices of the images that the run never uses because they could not be read at its start; ascending. */
  readonly unused: readonly number[];
  /** The images in the order of the set; null if they are not separate files. */
  readonly images: readonly ListedImage[] | null;
  /** State of the record file; null for separate files. */
  readonly records: FileState | null;
}

/** Number of lines that are converted to bytes at the same time. */
const linesInString = 10_000;
/** Number of files whose state is read at the same time. */
const concurrentFiles = 256;

/**
 * Describes the images of a set.
 * @param path argument of `openImages`
 * @param unused indices of images that the run never uses
 * @param hashes of the images that were read
 */
export async function describeImages(
  source: ImageSource,
  path: string,
  unused: readonly number[],
  hashes: ContentHashes,
): Promise<ImageManifest> {
  const { paths } = source as Partial<PathSource>;
  const common = { classNames: source.classNames, unused };
  if (!paths) return { ...common, images: null, records: await recordFileState(path) };
  const files = await fileStates(paths, path);
  const images = paths.map((image, index) => {
    const file = files[index] ?? null;
    const hash = hashes.hashOf(index);
    return { path: image, label: source.labels[index]!, file: file && (hash ? { ...file, hash } : file) };
  });
  return { ...common, images, records: null };
}

/** Returns the state of a record file, given the argument of `openImages`. */
export async function recordFileState(path: string): Promise<FileState | null> {
  const isFolder = (await pathStatus(path))?.isDirectory();
  return fileState(isFolder ? `${path}/train.rec` : path);
}

/**
 * Returns the states of image files.
 * @param images paths in the folder or list
 * @param path of that folder or list
 * @returns null for each file that does not exist
 */
export async function fileStates(images: readonly string[], path: string): Promise<(FileState | null)[]> {
  const folder = await imageFolder(path);
  const names = new FolderNames();
  const states: (FileState | null)[] = [];
  for (let start = 0; start < images.length; start += concurrentFiles) {
    const part = images.slice(start, start + concurrentFiles).map(async (image) => {
      const file = await findImagePath(folder, image, names);
      return file === null ? null : fileState(file);
    });
    states.push(...(await Promise.all(part)));
  }
  return states;
}

/** Returns the folder that the paths of a set are relative to. */
async function imageFolder(path: string): Promise<string> {
  return (await pathStatus(path))?.isDirectory() ? path : dirname(path);
}

async function fileState(path: string): Promise<FileState | null> {
  const status = await stat(path).catch(() => null);
  return status && { size: status.size, modified: Math.floor(status.mtimeMs) };
}

/** Returns the hash of the content of an image file. */
export async function hashFile(image: string, path: string): Promise<string | null> {
  const file = await findImagePath(await imageFolder(path), image);
  return file === null ? null : contentHash(await readBytes(file));
}

const fileSchema = z.tuple([z.number(), z.number()]);
const headerSchema = objectSchema({
  classNames: z.array(z.string()),
  unused: z.array(z.int().min(0)),
  records: fileSchema.nullable(),
  images: z.int().min(0).nullable(),
});
const imageSchema = z.tuple([
  z.string(),
  z.int().min(-1),
  z.number().nullable(),
  z.number().nullable(),
  z.string().nullable(),
]);

/** Writes a manifest: a line of JSON for the set, and one for each image: path, class, bytes, time, hash. */
export async function writeManifest(path: string, manifest: ImageManifest): Promise<void> {
  const { classNames, unused, images, records } = manifest;
  const header = {
    classNames,
    unused,
    records: records && [records.size, records.modified],
    images: images?.length ?? null,
  };
  const rows = (images ?? []).map(({ path: image, label, file }) => [
    image,
    label,
    file?.size ?? null,
    file?.modified ?? null,
    file?.hash ?? null,
  ]);
  const lines = [header, ...rows];
  const parts: Buffer[] = [];
  // A large set exceeds the maximum length of a string.
  for (let start = 0; start < lines.length; start += linesInString) {
    const part = lines.slice(start, start + linesInString);
    parts.push(Buffer.from(part.map((line) => `${JSON.stringify(line)}\n`).join('')));
  }
  await writeAtomically(path, Buffer.concat(parts));
}

/**
 * Reads a manifest.
 * @returns null if there is none: older versions wrote none
 * @throws DataError if it is damaged
 */
export async function readManifest(path: string): Promise<ImageManifest | null> {
  if (!(await pathStatus(path))) return null;
  const lines = splitLines(await readBytes(path));
  const parse = <Schema extends z.ZodType>(schema: Schema, index: number): z.output<Schema> => {
    try {
      return parseSettings(schema, JSON.parse(lines[index] ?? ''), `line ${index + 1}`);
    } catch (error) {
      const reason = error instanceof DataError ? error.problem : (error as Error).message;
      throw new DataError(
        `'${path}' is damaged in line ${index + 1}: ${reason} Delete it to resume if the images are those of the start.`,
        { cause: error },
      );
    }
  };
  const { classNames, unused, records, images: count } = parse(headerSchema, 0);
  const images = Array.from({ length: count ?? 0 }, (_, index): ListedImage => {
    const [image, label, size, modified, hash] = parse(imageSchema, index + 1);
    const file = size === null || modified === null ? null : { size, modified, ...(hash ? { hash } : {}) };
    return { path: image, label, file };
  });
  return {
    classNames,
    unused,
    images: count === null ? null : images,
    records: records && { size: records[0], modified: records[1] },
  };
}

/** Splits bytes into lines; the file may be larger than a string. */
function splitLines(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder();
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    const stop = end < 0 ? bytes.length : end;
    lines.push(decoder.decode(bytes.subarray(start, stop)));
    start = stop + 1;
  }
  return lines;
}
