import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '@openset/core';
import type { ReadModelFile } from './graph-model.ts';

/**
 * Returns a reader of the files of a model in an installed npm package.
 * @param packageName such as `@vladmandic/human`
 * @param folder folder of the model in the package, such as `models`
 * @param from path of a file or folder whose `node_modules` are searched, and those above it; default: the working folder
 * @throws DataError with the install command if the package is not installed
 */
export function readInstalledModel(packageName: string, folder: string, from?: string): ReadModelFile {
  const root = packageFolder(packageName, from ?? join(process.cwd(), 'package.json'));
  return async (path) => readFile(join(root, folder, path));
}

/** Returns the folder of an installed package; searches the user's folder first, then the one of this program. */
function packageFolder(name: string, from: string): string {
  for (const start of [from, import.meta.url]) {
    for (const folder of createRequire(start).resolve.paths(name) ?? []) {
      const manifest = join(folder, name, 'package.json');
      try {
        return dirname(createRequire(start).resolve(manifest));
      } catch {}
    }
  }
  throw new DataError(`The package '${name}' is not installed. Install it with: npm install ${name}`);
}
