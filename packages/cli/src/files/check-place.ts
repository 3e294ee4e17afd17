import { access, constants, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DataError } from '@openset/core';
import { statusOf } from './status-of.ts';

/**
 * Makes sure, before any work is done, that a file can be written; nothing is written yet.
 * @param input a file that is read, which must be another one
 * @throws DataError that says why it cannot
 */
export async function checkFilePlace(path: string, input?: string): Promise<void> {
  const status = await statusOf(path);
  if (status?.isDirectory()) throw new DataError(`'${path}' cannot be written: it is a folder.`);
  if (status && input !== undefined && (await isSameFile(path, input))) {
    throw new DataError(
      `'${path}' cannot be written: it is the file that is read. Choose another name with --out.`,
    );
  }
  const folder = dirname(resolve(path));
  if (!(await statusOf(folder))) {
    throw new DataError(`'${path}' cannot be written: there is no folder '${dirname(path)}'.`);
  }
  await checkWritable(folder, path);
}

/**
 * Makes sure that a folder can be made, or is there and can be written into; nothing is made yet.
 * @throws DataError that says why it cannot
 */
export async function checkFolderPlace(path: string): Promise<void> {
  let folder = resolve(path);
  while (!(await statusOf(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  await checkWritable(folder, path);
}

/** Whether both lead to one file, by links too. */
async function isSameFile(first: string, second: string): Promise<boolean> {
  const [one, other] = await Promise.all([first, second].map((path) => realpath(path).catch(() => null)));
  return one !== null && one === other;
}

async function checkWritable(folder: string, path: string): Promise<void> {
  if (!(await statusOf(folder))?.isDirectory()) {
    throw new DataError(`'${path}' cannot be written: '${folder}' is not a folder.`);
  }
  await access(folder, constants.W_OK).catch(() => {
    throw new DataError(`'${path}' cannot be written: there is no permission to write into '${folder}'.`);
  });
}
