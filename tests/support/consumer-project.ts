import { cpSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSuccessfully } from './run-command.ts';
import { isBuildCurrent, lockedPackage, rootFolder, workspacePackages } from './workspace.ts';

/** A project that is not part of this repository and has the packages installed as they are published. */
export interface ConsumerProject {
  readonly folder: string;
  /** Files of each tarball, by the package's name without scope. */
  readonly published: Readonly<Record<string, readonly string[]>>;
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

/** Packs every package that is published and installs the tarballs into an empty project. */
export async function makeConsumerProject(): Promise<ConsumerProject> {
  const packages = workspacePackages().filter(({ manifest }) => !manifest.private);
  if (!packages.every(isBuildCurrent)) {
    await runSuccessfully('npm', ['run', 'build'], { folder: rootFolder });
  }
  const folder = mkdtempSync(join(tmpdir(), 'openset-consumer-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const names = packages.map(({ manifest }) => `--workspace=${manifest.name}`);
  const { stdout } = await runSuccessfully(
    'npm',
    ['pack', '--json', `--pack-destination=${folder}`, ...names],
    {
      folder: rootFolder,
    },
  );
  const published = publishedFiles(stdout);
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  await runSuccessfully(
    'npm',
    [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      // Compiling better-sqlite3 takes a minute.
      '--ignore-scripts',
      ...tarballs.map((name) => `./${name}`),
      ...companions,
    ],
    { folder },
  );
  const compiled = join('node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node');
  cpSync(join(rootFolder, compiled), join(folder, compiled));
  const runModule = async (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return (await runSuccessfully(process.execPath, [name], { folder })).stdout;
  };
  return { folder, published, runModule };
}

interface PackReport {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm 11 and later print the reports by package name, earlier ones as a list. */
function publishedFiles(json: string): Record<string, string[]> {
  const reports: PackReport[] = Object.values(JSON.parse(json));
  return Object.fromEntries(
    reports.map(({ name, files }) => [name.replace('@openset/', ''), files.map(({ path }) => path)]),
  );
}
