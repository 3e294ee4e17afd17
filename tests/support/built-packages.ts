import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isBuildCurrent, rootFolder, workspacePackages } from './workspace.ts';

const isBuilt = workspacePackages().every(isBuildCurrent);
// Some processes run in another folder, so the loader needs its path.
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * Options of Node for a module that imports our packages. If all builds are current there are none, as for a user: a process
 * starts twice as fast from the builds. Otherwise they load the sources.
 */
export const packageOptions: readonly string[] = isBuilt
  ? []
  : ['--conditions=@openset/source', '--import', loader];

/** Parameters of Node that run the command `openset`. */
export const commandParameters: readonly string[] = [
  ...packageOptions,
  join(rootFolder, 'packages', 'cli', isBuilt ? 'dist/main.js' : 'src/main.ts'),
];
