import { rm, writeFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { describeFileError } from './file-error.ts';

/**
 * Writes a file atomically: the path has the old content or the new, never a part, and a failure leaves no other files.
 * @throws DataError if the file cannot be written
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  // The writer for ONNX files is atomic and takes any bytes. Its package has a parser, so it is loaded only to write.
  const { writeOnnx } = await import('@openset/onnx/node');
  await writeOnnx(path, typeof content === 'string' ? new TextEncoder().encode(content) : content);
}

/**
 * Creates a file that does not exist yet. Exactly one of several concurrent callers creates it.
 * @returns whether this call created the file; false if it existed
 * @throws DataError if the file cannot be written; nothing is left behind
 */
export async function createFile(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', flush: true });
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    await rm(path, { force: true });
    const reason = describeFileError(error) ?? message;
    throw new DataError(`'${path}' cannot be written: ${reason}.`, { cause: error });
  }
}
