import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isBuildCurrent, rootFolder, workspacePackages } from './workspace.ts';

const isBuilt = workspacePackages().every(isBuildCurrent);
// By its path: some processes run in another folder.
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * Options with which Node runs a module that imports our packages: none if all builds are current, as for a user, because a
 * process starts twice as fast from them; otherwise those that load the sources.
 */
export const packageOptions: readonly string[] = isBuilt
  ? []
  : ['--conditions=@openset/source', '--import', loader];

/** Parameters with which Node runs the command `openset`. */
export const commandParameters: readonly string[] = [
  ...packageOptions,
  join(rootFolder, 'packages', 'cli', isBuilt ? 'dist/main.js' : 'src/main.ts'),
];
