import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { DataError } from '@openset/core';

/**
 * Writes a file atomically: writes and syncs a temporary file in the same folder, then renames it. After a crash, `path` is
 * the old file or the new one, never a part.
 *
 * @throws DataError if the file cannot be written; the temporary file is removed
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
