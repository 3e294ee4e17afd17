import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '@openset/core';
import { type ImageSource, type PathSource, subsetSource } from '@openset/data';
import { pathStatus } from '../files/paths.ts';
import { openImagePaths } from '../images/image-files.ts';
import { listExtensions, openImages } from '../images/open-images.ts';
import type { Output } from '../output.ts';

/** Photos to align. */
export interface Photos {
  readonly source: ImageSource;
  /** Relative path of each photo with `/`, which its crop keeps. */
  readonly names: readonly string[];
  /** Path of each photo for links; null for records. */
  readonly paths: readonly (string | null)[];
  /** Name of the person on each photo, for photos of a list or of records; null for others, whose folders say it. */
  readonly people: readonly string[] | null;
}

/**
 * Opens photos: folders with all images below them, image files, or one list or record file as other commands read it. The names
 * are relative to the folder. Several paths keep the last part of their own names.
 * @throws DataError for a path that does not exist or has no images; ConfigError for two photos of one name
 */
export async function openPhotos(paths: readonly string[], output: Output): Promise<Photos> {
  const [only] = paths;
  if (paths.length === 1 && only !== undefined && (await isLabelled(only))) return openLabelled(only, output);
  const source = await openImagePaths(paths, output);
  const folders = await Promise.all(
    paths.map(async (path) => (await pathStatus(path))?.isDirectory() ?? false),
  );
  const names = source.paths.map((file) => {
    const at = paths.findIndex((path, index) => (folders[index] ? isInside(file, path) : path === file));
    const root = paths[at]!;
    if (!folders[at]) return basename(file);
    const inner = slashes(relative(root, file));
    return paths.length === 1 ? inner : `${basename(resolve(root))}/${inner}`;
  });
  checkNames(names, source.paths);
  return { source, names, paths: source.paths, people: null };
}

/** Whether a path is a list or a record file, which give labels. */
async function isLabelled(path: string): Promise<boolean> {
  if ((await pathStatus(path))?.isDirectory()) {
    return (await pathStatus(join(path, 'train.rec')))?.isFile() ?? false;
  }
  return ['.rec', ...listExtensions].includes(extname(path).toLowerCase());
}

async function openLabelled(path: string, output: Output): Promise<Photos> {
  const source = withoutRepetitions(await openImages(path, output));
  const people = Array.from(source.labels, (label) => source.classNames[label]!);
  const { paths } = source as Partial<PathSource>;
  if (paths) {
    const names = paths.map(withoutParents);
    checkNames(names, paths);
    return { source, names, paths: paths.map(() => null), people };
  }
  const digits = String(source.size).length;
  const names = people.map(
    (person, index) => `${fileName(person)}/${String(index + 1).padStart(digits, '0')}`,
  );
  return { source, names, paths: names.map(() => null), people };
}

/** Returns a source without the images that a list repeats. Its openers note them. */
function withoutRepetitions(source: ImageSource): ImageSource {
  const { paths } = source as Partial<PathSource>;
  if (!paths || new Set(paths).size === paths.length) return source;
  const first = new Map<string, number>();
  for (const [index, path] of paths.entries()) if (!first.has(path)) first.set(path, index);
  const rows = [...first.values()];
  const kept = { ...subsetSource(source, rows), close: () => source.close() };
  return Object.assign(kept, { paths: rows.map((row) => paths[row]!) });
}

/** Returns a path of a list as a relative path that stays inside the folder of the crops. */
function withoutParents(path: string): string {
  const parts = path
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '')
    .split('/');
  return parts.filter((part) => !['', '.', '..'].includes(part)).join('/');
}

/** Returns the name of a person as the name of a folder. */
function fileName(person: string): string {
  return person.replaceAll(/[/\\:\0]/g, '_').replace(/^\.+/, '_') || '_';
}

function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`);
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}

function checkNames(names: readonly string[], paths: readonly string[]): void {
  const first = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const earlier = first.get(name);
    if (earlier !== undefined && paths[earlier] !== paths[index]) {
      throw new ConfigError(
        `The crops of '${paths[earlier]}' and '${paths[index]}' would both be named '${name}'. Name the folder above them instead.`,
      );
    }
    if (earlier !== undefined) throw new ConfigError(`'${paths[index]}' is given twice. Name it once.`);
    first.set(name, index);
  }
}
