import { readFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { fileProblem } from './file-problem.ts';

/**
 * Reads a file that somebody has named.
 * @param missing what to say if there is none
 * @throws DataError that says why it cannot be read
 */
export async function readNamed(path: string, missing = `There is no file '${path}'.`): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const text = code === 'ENOENT' ? missing : `'${path}' cannot be read: ${fileProblem(error) ?? message}.`;
    throw new DataError(text, { cause: error });
  }
}
