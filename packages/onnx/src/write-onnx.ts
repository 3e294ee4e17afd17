import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { DataError } from '@openset/core';

/**
 * Writes a file at once: beside its place, onto the disk, and only then under its name. Whatever happens, there is the
 * old file or the new one under it, never a part.
 *
 * @throws DataError if it cannot be written; nothing is left behind
 */
export async function writeOnnx(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new DataError(`'${path}' cannot be written: ${(error as Error).message}.`, { cause: error });
  }
}
