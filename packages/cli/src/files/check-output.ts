import { access, constants, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DataError } from '@openset/core';
import { pathStatus } from './paths.ts';

/**
 * Checks that a file can be written, before any work is done. Writes nothing.
 * @param input path of a file that must not be overwritten
 * @throws DataError that names the reason if it cannot be written
 */
export async function checkOutputFile(path: string, input?: string): Promise<void> {
  const status = await pathStatus(path);
  if (status?.isDirectory()) throw new DataError(`'${path}' cannot be written: it is a folder.`);
  if (status && input !== undefined && (await isSameFile(path, input))) {
    throw new DataError(`'${path}' cannot be written: it is the input file. Choose another name with --out.`);
  }
  const folder = dirname(resolve(path));
  if (!(await pathStatus(folder))) {
    throw new DataError(`'${path}' cannot be written: there is no folder '${dirname(path)}'.`);
  }
  await checkWritable(folder, path);
}

/**
 * Checks that a folder can be created, or exists and is writable. Creates nothing.
 * @throws DataError that names the reason if it cannot
 */
export async function checkOutputFolder(path: string): Promise<void> {
  let folder = resolve(path);
  while (!(await pathStatus(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  await checkWritable(folder, path);
}

/** Whether both paths lead to the same file, also through links. */
async function isSameFile(first: string, second: string): Promise<boolean> {
  const [firstFile, secondFile] = await Promise.all(
    [first, second].map((path) => realpath(path).catch(() => null)),
  );
  return firstFile !== null && firstFile === secondFile;
}

async function checkWritable(folder: string, path: string): Promise<void> {
  if (!(await pathStatus(folder))?.isDirectory()) {
    throw new DataError(`'${path}' cannot be written: '${folder}' is not a folder.`);
  }
  await access(folder, constants.W_OK).catch(() => {
    throw new DataError(`'${path}' cannot be written: there is no permission to write to '${folder}'.`);
  });
}
