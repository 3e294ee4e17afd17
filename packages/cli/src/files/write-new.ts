import { rm, writeFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { fileProblem } from './file-problem.ts';

/**
 * Writes a file that is not there yet; of several who try it at a time, one does.
 * @returns whether it was written: false if there is one
 * @throws DataError if it cannot be written; then nothing is left behind
 */
export async function writeNew(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', flush: true });
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    await rm(path, { force: true });
    throw new DataError(`'${path}' cannot be written: ${fileProblem(error) ?? message}.`, { cause: error });
  }
}
