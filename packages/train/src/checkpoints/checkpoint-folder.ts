import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { CheckpointError } from '../training/errors.ts';
import type { Checkpoint, CheckpointInfo } from './checkpoint.ts';
import { type DurableFiles, nodeFiles, splitIntoPieces } from './durable-files.ts';
import { memoryFile, openTensorFile, type TensorFile } from './tensor-file.ts';
import { joinFiles, type RowsOf, wholeName } from './tensor-rows.ts';

/** In the format of `sha256sum`, so that it can check a checkpoint. Written last: it names all files. */
const checksumsFile = 'SHA256SUMS';
const infoFile = 'checkpoint.json';
/** Error codes for a missing file, or for a path that is not a file. */
const damageCodes = ['ENOENT', 'ENOTDIR', 'EISDIR'];

/** A file of a checkpoint that has been written. */
export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of its content, in hexadecimal digits. */
  readonly checksum: string;
}

/** Writes files into a folder, and flushes them to disk. */
export async function writeFiles(
  folder: string,
  files: Checkpoint['files'],
  disk: DurableFiles,
): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    await disk.write(join(folder, name), bytes);
    written.push({ name, bytes: bytes.length, checksum: checksum(bytes) });
  }
  return written;
}

/**
 * Writes a checkpoint's files into a folder.
 * @param others files of the checkpoint that are already in the folder
 */
export async function writeCheckpoint(
  folder: string,
  { info, files }: Checkpoint,
  disk: DurableFiles,
  others: readonly WrittenFile[] = [],
): Promise<void> {
  const json = new TextEncoder().encode(`${JSON.stringify(info, null, 2)}\n`);
  const written = await writeFiles(folder, { [infoFile]: json, ...files }, disk);
  const lines = [...written, ...others].map((file) => `${file.checksum}  ${file.name}\n`);
  await disk.write(join(folder, checksumsFile), new TextEncoder().encode(lines.join('')));
  await disk.syncFolder(folder);
}

/**
 * Reads a checkpoint and verifies its checksums. `decodeState` of `@openset/core` turns its files into tensors for the
 * `setState` of a backbone or loss. Parts that ranks have written become whole files.
 * @param folder path of one checkpoint
 * @throws DataError if it is damaged or not a checkpoint; CheckpointError if its files exist but cannot be read
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  return readCheckpointFrom(folder, nodeFiles);
}

/** Like `readCheckpoint`, from any file system. */
export async function readCheckpointFrom(folder: string, disk: DurableFiles): Promise<Checkpoint> {
  const files: Record<string, Uint8Array> = {};
  for (const [name, expected] of await readChecksums(folder, disk)) {
    const bytes = await readFile(folder, name, disk);
    if (checksum(bytes) !== expected) throw damagedFile(folder, name, bytes.length);
    files[name] = bytes;
  }
  const { [infoFile]: json, ...tensors } = files;
  return { info: decodeInfo(json as Uint8Array), files: await joinParts(tensors) };
}

/**
 * Returns the checksums of a checkpoint's files by name.
 * @throws DataError if they are missing or damaged; CheckpointError if they cannot be read
 */
export async function readChecksums(folder: string, disk: DurableFiles): Promise<Map<string, string>> {
  const text = new TextDecoder().decode(await readFile(folder, checksumsFile, disk));
  const checksums = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, expected, name] = /^([0-9a-f]{64}) {2}([\w.-]+)$/.exec(line) ?? [];
    if (!expected || !name) throw new DataError(`${join(folder, checksumsFile)} is damaged: '${line}'.`);
    checksums.set(name, expected);
  }
  if (!checksums.has(infoFile))
    throw new DataError(`${join(folder, checksumsFile)} is damaged: it does not list ${infoFile}.`);
  return checksums;
}

/**
 * Verifies the checksum of a file without keeping its content.
 * @throws DataError if it is damaged; CheckpointError if it cannot be read
 */
export async function verifyFile(
  folder: string,
  name: string,
  expected: string,
  disk: DurableFiles,
): Promise<void> {
  const path = join(folder, name);
  const hash = createHash('sha256');
  const length = await explainFailure(path, () => disk.size(path));
  const buffer = new Uint8Array(1 << 22);
  for (let begin = 0; begin < length; begin += buffer.length) {
    const piece = buffer.subarray(0, length - begin);
    await explainFailure(path, () => disk.readInto(path, begin, piece));
    hash.update(piece);
  }
  if (hash.digest('hex') !== expected) throw damagedFile(folder, name, length);
}

/**
 * Reads a checkpoint, and of sharded tensors some rows alone. Verifies no checksums.
 * @param names names of its files
 * @param rowsOf rows to read
 * @throws DataError if it is damaged, ShapeError if a tensor has another number of rows than expected
 */
export async function readRowsOfCheckpoint(
  folder: string,
  names: Iterable<string>,
  rowsOf: RowsOf,
  disk: DurableFiles,
): Promise<Checkpoint> {
  const info = decodeInfo(await readFile(folder, infoFile, disk));
  const files: Record<string, Uint8Array> = {};
  for (const [whole, parts] of groupParts([...names].filter((name) => name !== infoFile))) {
    const opened: TensorFile[] = [];
    for (const name of parts) opened.push(await openTensorFile(join(folder, name), disk));
    files[whole] = await joinFiles(opened, (tensor) => rowsOf(whole, tensor));
  }
  return { info, files };
}

/** Returns whole files in place of the parts that ranks have written. */
async function joinParts(files: Checkpoint['files']): Promise<Record<string, Uint8Array>> {
  const joined: Record<string, Uint8Array> = {};
  for (const [whole, names] of groupParts(Object.keys(files))) {
    const isWhole = names.length === 1 && names[0] === whole;
    joined[whole] = isWhole
      ? (files[whole] as Uint8Array)
      : await joinFiles(
          names.map((name) => memoryFile(files[name] as Uint8Array)),
          () => null,
        );
  }
  return joined;
}

/** Returns the names of the files that belong together, by the name of the whole file. */
function groupParts(names: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const whole = wholeName(name) ?? name;
    groups.set(whole, [...(groups.get(whole) ?? []), name]);
  }
  return groups;
}

function decodeInfo(json: Uint8Array): CheckpointInfo {
  return JSON.parse(new TextDecoder().decode(json)) as CheckpointInfo;
}

function readFile(folder: string, name: string, disk: DurableFiles): Promise<Uint8Array> {
  const path = join(folder, name);
  return explainFailure(path, () => disk.read(path));
}

/** @throws DataError if a file is missing; CheckpointError if it cannot be read */
async function explainFailure<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    const message = `${path} cannot be read: ${cause.message}`;
    if (damageCodes.includes(cause.code ?? '')) throw new DataError(message, { cause });
    // No permission or no file handle left: the checkpoint itself may be intact.
    throw new CheckpointError(message, null, { cause });
  }
}

function damagedFile(folder: string, name: string, bytes: number): DataError {
  return new DataError(
    `${join(folder, name)} is damaged: the checksum of its ${bytes} bytes differs from ${checksumsFile}.`,
  );
}

function checksum(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  for (const piece of splitIntoPieces(bytes)) hash.update(piece);
  return hash.digest('hex');
}
