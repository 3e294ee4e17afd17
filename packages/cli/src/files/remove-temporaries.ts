import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The end of the temporary files of `writeAtomically`: a UUID. */
const temporaryEnd = /\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;

/** Removes the temporary files, in a folder and all below, that a process left which was killed during `writeAtomically`. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (temporaryEnd.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** Whether a file is a temporary one of `writeAtomically` for a path that ends with `name`. */
export function isTemporaryOf(file: string, name: string): boolean {
  return temporaryEnd.test(file) && file.replace(temporaryEnd, '') === name;
}
