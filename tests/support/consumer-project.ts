import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { runSuccessfully } from './run-command.ts';
import {
  isBuildCurrent,
  lockedPackage,
  rootFolder,
  type WorkspacePackage,
  workspacePackages,
} from './workspace.ts';

/** A project that is not part of this repository and has the packages installed as they are published. */
export interface ConsumerProject {
  readonly folder: string;
  /** Writes a module of the project and runs it with plain Node. @returns its output */
  readonly runModule: (name: string, code: string) => Promise<string>;
}

/** Packages that users install together with ours, Vite for the browser bundle, and a package whose compiled part is copied. */
const companions = [
  '@tensorflow/tfjs-core@4.22.0',
  '@tensorflow/tfjs-backend-cpu@4.22.0',
  '@tensorflow/tfjs-backend-wasm@4.22.0',
  lockedPackage('better-sqlite3'),
  lockedPackage('vite'),
];

/** Where the packages of a consumer's project come from. */
export interface PackageSource {
  /** Names or files of the packages, for `npm install`. */
  readonly packages: readonly string[];
  /** Content of the file `.npmrc` of the project; default none. */
  readonly config?: string;
}

/** Builds every package that is published, unless that is done, and packs it into a folder, as `npm publish` does. */
export async function packAll(folder: string): Promise<PackageSource> {
  await buildAll();
  const names = publishedPackages().map(({ manifest }) => `--workspace=${manifest.name}`);
  await runSuccessfully('npm', ['pack', `--pack-destination=${folder}`, ...names], { folder: rootFolder });
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return { packages: tarballs.map((name) => join(folder, name)) };
}

/** Builds every package, unless that is done. */
async function buildAll(): Promise<void> {
  if (publishedPackages().every(isBuildCurrent)) return;
  await runSuccessfully('npm', ['run', 'build'], { folder: rootFolder });
}

/** Returns the packages that are published. */
export function publishedPackages(): WorkspacePackage[] {
  return workspacePackages().filter(({ manifest }) => !manifest.private);
}

/**
 * Installs packages into an empty project.
 * @param folder empty folder
 * @param more packages of others to install, besides those of every project
 */
export async function makeConsumerProject(
  folder: string,
  { packages, config = '' }: PackageSource,
  more: readonly string[] = [],
): Promise<ConsumerProject> {
  writeFileSync(join(folder, '.npmrc'), config);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await runSuccessfully(
    'npm',
    [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      // Compiling better-sqlite3 takes a minute.
      '--ignore-scripts',
      ...[...packages, ...companions, ...more],
    ],
    { folder },
  );
  const compiled = join('node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node');
  cpSync(join(rootFolder, compiled), join(folder, compiled));
  const runModule = async (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return (await runSuccessfully(process.execPath, [name], { folder })).stdout;
  };
  return { folder, runModule };
}

/** Returns the files of a package as it is installed, relative to it. */
export function installedFiles({ folder }: ConsumerProject, name: string): string[] {
  const place = join(folder, 'node_modules', name);
  return readdirSync(place, { recursive: true, encoding: 'utf8' }).map((path) => path.split(sep).join('/'));
}
