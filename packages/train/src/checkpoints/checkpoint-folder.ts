import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { CheckpointError } from '../training/errors.ts';
import type { Checkpoint, CheckpointInfo } from './checkpoint.ts';
import { type DurableFiles, nodeFiles, splitIntoPieces } from './durable-files.ts';

/** In the format of `sha256sum`, so that it can check a checkpoint. */
const checksumsFile = 'SHA256SUMS';
const infoFile = 'checkpoint.json';
/** Error codes for a missing file, or for a path that is not a file. */
const damageCodes = ['ENOENT', 'ENOTDIR', 'EISDIR'];

/** Writes a checkpoint's files into an empty folder. */
export async function writeCheckpoint(
  folder: string,
  { info, files }: Checkpoint,
  disk: DurableFiles,
): Promise<void> {
  const json = new TextEncoder().encode(`${JSON.stringify(info, null, 2)}\n`);
  const contents = Object.entries({ [infoFile]: json, ...files });
  for (const [name, bytes] of contents) await disk.write(join(folder, name), bytes);
  const lines = contents.map(([name, bytes]) => `${checksum(bytes)}  ${name}\n`);
  await disk.write(join(folder, checksumsFile), new TextEncoder().encode(lines.join('')));
  await disk.syncFolder(folder);
}

/**
 * Reads a checkpoint and verifies its checksums. `decodeState` of `@openset/core` turns its files into tensors for the
 * `setState` of a backbone or loss.
 * @param folder path of one checkpoint
 * @throws DataError if it is damaged or not a checkpoint; CheckpointError if its files exist but cannot be read
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  return readCheckpointFrom(folder, nodeFiles);
}

/** Like `readCheckpoint`, from any file system. */
export async function readCheckpointFrom(folder: string, disk: DurableFiles): Promise<Checkpoint> {
  const read = (name: string) =>
    disk.read(join(folder, name)).catch((cause: NodeJS.ErrnoException) => {
      const message = `${join(folder, name)} cannot be read: ${cause.message}`;
      if (damageCodes.includes(cause.code ?? '')) throw new DataError(message, { cause });
      // No permission or no file handle left: the checkpoint itself may be intact.
      throw new CheckpointError(message, null, { cause });
    });
  const text = new TextDecoder().decode(await read(checksumsFile));
  const files: Record<string, Uint8Array> = {};
  for (const line of text.split('\n').slice(0, -1)) {
    const [, expected, name] = /^([0-9a-f]{64}) {2}([\w.-]+)$/.exec(line) ?? [];
    if (!expected || !name) throw new DataError(`${join(folder, checksumsFile)} is damaged: '${line}'.`);
    const bytes = await read(name);
    if (checksum(bytes) !== expected) {
      throw new DataError(
        `${join(folder, name)} is damaged: the checksum of its ${bytes.length} bytes differs from ${checksumsFile}.`,
      );
    }
    files[name] = bytes;
  }
  const { [infoFile]: json, ...tensors } = files;
  if (!json) throw new DataError(`${join(folder, checksumsFile)} is damaged: it does not list ${infoFile}.`);
  return { info: JSON.parse(new TextDecoder().decode(json)) as CheckpointInfo, files: tensors };
}

function checksum(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  for (const piece of splitIntoPieces(bytes)) hash.update(piece);
  return hash.digest('hex');
}
