import { ConfigError, DataError } from '@openset/core';
import { type ImageSource, normalizeName, type PathSource, subsetSource } from '@openset/data';
import { count, counted } from '../evaluation/texts.ts';
import {
  type FileState,
  fileStates,
  hashFile,
  type ImageManifest,
  type ListedImage,
  recordFileState,
} from './image-manifest.ts';

/** The images of a resumed run. */
export interface ResumedImages {
  /** The images that the run started with, in their order then; `get` rejects those that are missing. */
  readonly source: ImageSource;
  /** Names of the images that are missing. */
  readonly missing: ReadonlySet<string>;
  /** What has changed since the run started, one fact a line with names below it; empty if nothing has. */
  readonly changes: readonly string[];
}

/** Returns the number of images that may be missing unless `--max-bad` allows more. */
function usualLimit(images: number): number {
  return Math.min(images / 2, Math.max(10, images / 10));
}

/** Number of images that a message names. */
const namedImages = 20;

/**
 * Returns the images that a run started with. People, classes and order are those of the start, so the same people are held
 * out; images that were added since are not used.
 * @param current the set as it is now
 * @param path argument of `openImages`
 * @param maxBad share of the images that may be missing; default: a tenth, or ten images of a small set
 * @throws ConfigError if more images are missing, or if images have other people now
 */
export async function resumeImages(
  manifest: ImageManifest,
  current: ImageSource,
  path: string,
  maxBad?: number,
): Promise<ResumedImages> {
  const unused = new Set(manifest.unused);
  const { images } = manifest;
  const { paths } = current as Partial<PathSource>;
  if (images === null || paths === undefined) return resumeRecords(manifest, unused, current, path);
  const used = images.filter((_, index) => !unused.has(index));
  const find = finder(paths);
  const places = used.map((image) => find(image.path));
  checkLabels(used, places, manifest, current, path);
  const states = await fileStates(
    used.map((image) => image.path),
    path,
  );
  const isMissing = (index: number) => places[index] === undefined || states[index] === null;
  const missing = used.filter((_, index) => isMissing(index)).map((image) => image.path);
  if (missing.length > (maxBad === undefined ? usualLimit(used.length) : maxBad * used.length)) {
    throw new ConfigError(
      `'${path}' is not the set that the run started with: ${count(missing.length)} of ${counted(used.length, 'image')} ` +
        `are missing, such as '${missing[0]}'. Name the set with --data, or resume without them with ` +
        `--max-bad ${Math.ceil((100 * missing.length) / used.length)}%.`,
    );
  }
  const changed: string[] = [];
  for (const [index, image] of used.entries()) {
    const state = states[index];
    if (!isMissing(index) && state && (await isReplaced(image, state, path))) changed.push(image.path);
  }
  const listed = images.filter((_, index) => unused.has(index));
  const present = listed.filter((image) => find(image.path) !== undefined);
  const gone = listed.length - present.length;
  const added = paths.length - places.filter((place) => place !== undefined).length - present.length;
  const labels = Int32Array.from(used, (image) => image.label);
  const source: PathSource = {
    size: used.length,
    classNames: manifest.classNames,
    labels,
    paths: used.map((image) => image.path),
    origin: (index) => used[index]!.path,
    async get(index) {
      const image = used[index];
      if (!image) throw new RangeError(`The run has no image ${index}.`);
      if (isMissing(index)) throw new DataError(`${image.path}: it is missing since the run started.`);
      return { ...(await current.get(places[index]!)), label: image.label };
    },
    close: () => current.close(),
  };
  const changes = [
    ...fact(missing, 'missing since the run started, skipped'),
    ...fact(changed, 'replaced since the run started, used as now'),
    ...fact(
      present.map((image) => image.path),
      'that could not be read when the run started, not used',
    ),
    ...(gone > 0
      ? [
          `${counted(gone, 'image')} that could not be read when the run started ${gone === 1 ? 'is' : 'are'} gone: no difference`,
        ]
      : []),
    ...(added > 0 ? [`${counted(added, 'image')} added since the run started, not used`] : []),
  ];
  return { source, missing: new Set(missing), changes };
}

/** Names images: a line with their number, and a line for each. */
function fact(names: readonly string[], what: string): string[] {
  if (names.length === 0) return [];
  const others = names.length - namedImages;
  const lines = [...names.slice(0, namedImages), ...(others > 0 ? [`and ${counted(others, 'other')}`] : [])];
  return [`${counted(names.length, 'image')} ${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`];
}

/** Returns the images of a record file, which has the same labels, as `checkSameData` checks. */
async function resumeRecords(
  { unused, records }: ImageManifest,
  isUnused: ReadonlySet<number>,
  current: ImageSource,
  path: string,
): Promise<ResumedImages> {
  const state = await recordFileState(path);
  const isSame = records && state && records.size === state.size && records.modified === state.modified;
  const rows = [...current.labels.keys()].filter((index) => !isUnused.has(index));
  return {
    source: unused.length > 0 ? { ...subsetSource(current, rows), close: () => current.close() } : current,
    missing: new Set(),
    changes: isSame ? [] : [`'${path}' was written again since the run started; the people are the same`],
  };
}

/** Returns a function that finds the index of a path. The Unicode form of a name may have changed. */
function finder(paths: readonly string[]): (path: string) => number | undefined {
  const exact = new Map(paths.map((path, index) => [path, index]));
  const folded = new Map(paths.map((path, index) => [normalizeName(path), index]));
  return (path) => exact.get(path) ?? folded.get(normalizeName(path));
}

/** Whether a file has other content than at the start of the run, as far as its state tells. */
async function isReplaced(
  { path: image, file }: ListedImage,
  now: FileState,
  path: string,
): Promise<boolean> {
  if (file === null) return false;
  if (file.size !== now.size) return true;
  if (file.modified === now.modified) return false;
  // Copies of a set have other times.
  return file.hash === undefined || file.hash !== (await hashFile(image, path));
}

/** @throws ConfigError if an image belongs to another person than at the start */
function checkLabels(
  used: readonly ListedImage[],
  places: readonly (number | undefined)[],
  { classNames }: ImageManifest,
  current: ImageSource,
  path: string,
): void {
  const personNow = (place: number) => current.classNames[current.labels[place]!];
  const moved = used.filter((image, index) => {
    const place = places[index];
    return place !== undefined && personNow(place) !== classNames[image.label];
  });
  const [first] = moved;
  if (!first) return;
  const place = places[used.indexOf(first)]!;
  throw new ConfigError(
    `'${path}' has changed since the run started: ${counted(moved.length, 'image')} of other people, such as ` +
      `'${first.path}', which was of '${classNames[first.label]}' and is of '${personNow(place)}'. Resuming would train on ` +
      'people who are held out. Restore the labels, or start another run with --out.',
  );
}
