import { readFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { describeFileError } from './file-error.ts';
import { missingPath } from './paths.ts';

/**
 * Reads a file.
 * @param missing message of the error if the file does not exist
 * @throws DataError that names the reason if the file cannot be read
 */
export async function readBytes(
  path: string,
  missing = missingPath(path, 'file').message,
): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = describeFileError(error) ?? message;
    throw new DataError(code === 'ENOENT' ? missing : `'${path}' cannot be read: ${reason}.`, {
      cause: error,
    });
  }
}

/**
 * Reads a JSON file.
 * @param missing message of the error if the file does not exist
 * @throws DataError if the file cannot be read or is not JSON
 */
export async function readJson(path: string, missing?: string): Promise<unknown> {
  const bytes = await readBytes(path, missing);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new DataError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
}
