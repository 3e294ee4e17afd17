import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';

/** The folder of the repository. */
export const rootFolder = join(import.meta.dirname, '..', '..');

/** The fields of a package.json that the tests read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly private?: boolean;
  readonly type?: string;
  readonly repository?: string | { readonly type?: string; readonly url: string } | undefined;
  readonly sideEffects?: boolean | readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** One folder of `packages/`. */
export interface WorkspacePackage {
  /** The folder's name, which is the package's name without its scope. */
  readonly shortName: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Reads the package.json of a folder. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Returns a package of another project with the version that is installed here, as npm takes it. */
export function lockedPackage(name: string): string {
  return `${name}@${readManifest(join(rootFolder, 'node_modules', name)).version}`;
}

/** All packages, in the order of their names. */
export function workspacePackages(): WorkspacePackage[] {
  const parent = join(rootFolder, 'packages');
  const folders = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .map(({ name }) => join(parent, name))
    .sort()
    .map((folder) => ({ shortName: basename(folder), folder, manifest: readManifest(folder) }));
}

/** Names of folders that tools write and git ignores; `.git` is a file in a worktree. */
const generatedNames = new Set([
  '.cache',
  '.git',
  '.turbo',
  'coverage',
  'dist',
  'node_modules',
  '__screenshots__',
]);

/** Further such folders: the report of the quickstart, and the API reference. */
const generatedFolders = [join(rootFolder, 'report'), join(rootFolder, 'docs', 'api')];

/** Returns the paths of all hand-written files below a folder, relative to it and with `/`. */
export function writtenFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found: string[] = [];
  const visit = (current: string) => {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      const path = join(current, entry.name);
      if (generatedNames.has(entry.name) || generatedFolders.includes(path)) continue;
      if (entry.isDirectory()) {
        visit(path);
      } else if (entry.isFile()) {
        found.push(relative(folder, path).split(sep).join('/'));
      }
    }
  };
  visit(folder);
  return found.sort();
}

/** Returns whether only tests use a source file. Such files are not published. */
export function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts') || path.split('/').includes('__fixtures__');
}

/** The source file of each entry point of a package, by its name in `exports`. */
export function sourceEntries({ folder, manifest }: WorkspacePackage): Record<string, string> {
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([name, target]) => {
    const source = typeof target === 'string' ? undefined : target['@openset/source'];
    return source === undefined ? [] : [[name, join(folder, source)] as const];
  });
  return Object.fromEntries(entries);
}

/** Returns whether `dist` of a package exists and is newer than its sources. */
export function isBuildCurrent({ folder }: WorkspacePackage): boolean {
  const built = statSync(join(folder, 'dist', 'index.js'), { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return false;
  const sources = writtenFiles(join(folder, 'src')).filter((path) => !isTestFile(path));
  return sources.every((path) => statSync(join(folder, 'src', path)).mtimeMs <= built);
}
