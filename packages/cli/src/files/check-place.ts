import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DataError } from '@openset/core';
import { statusOf } from './status-of.ts';

/**
 * Makes sure, before any work is done, that a file can be written; nothing is written yet.
 * @throws DataError that says why it cannot
 */
export async function checkFilePlace(path: string): Promise<void> {
  const status = await statusOf(path);
  if (status?.isDirectory()) throw new DataError(`'${path}' cannot be written: it is a folder.`);
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

async function checkWritable(folder: string, path: string): Promise<void> {
  if (!(await statusOf(folder))?.isDirectory()) {
    throw new DataError(`'${path}' cannot be written: '${folder}' is not a folder.`);
  }
  await access(folder, constants.W_OK).catch(() => {
    throw new DataError(`'${path}' cannot be written: there is no permission to write into '${folder}'.`);
  });
}
