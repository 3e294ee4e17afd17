import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { CheckpointError } from '../training/errors.ts';
import type { Checkpoint, CheckpointInfo } from './checkpoint.ts';
import { type DurableFiles, nodeFiles, splitIntoPieces } from './durable-files.ts';

/** In the format of `sha256sum`, which can check a checkpoint too. */
const checksumsFile = 'SHA256SUMS';
const infoFile = 'checkpoint.json';
/** What the system says where a file is missing, or something else stands in its place. */
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
 * Reads a checkpoint, and checks every byte of it. `decodeState` of `@openset/core` makes tensors of its files, for the
 * `setState` of a backbone or loss.
 * @param folder the path of one checkpoint
 * @throws DataError if it is damaged, or no checkpoint; CheckpointError if its files are there but cannot be read
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  return readCheckpointFrom(folder, nodeFiles);
}

/** `readCheckpoint`, from any file system. */
export async function readCheckpointFrom(folder: string, disk: DurableFiles): Promise<Checkpoint> {
  const read = (name: string) =>
    disk.read(join(folder, name)).catch((cause: NodeJS.ErrnoException) => {
      const message = `${join(folder, name)} cannot be read: ${cause.message}`;
      if (damageCodes.includes(cause.code ?? '')) throw new DataError(message, { cause });
      // A right or a handle that is missing: the checkpoint itself may be as good as ever.
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
        `${join(folder, name)} is damaged: its ${bytes.length} bytes have another checksum.`,
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
