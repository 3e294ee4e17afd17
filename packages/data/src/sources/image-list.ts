import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { chooseReading, findFittingReadings, reportOf, throwMisfit } from './choose-reading.ts';
import { classTableFromNames } from './class-table.ts';
import { imageHeaderExample } from './column-words.ts';
import {
  type ImageEntry,
  type ImageReadingOptions,
  imageCues,
  imageReadings,
  imageReadingsBelowHeader,
  splitImageList,
} from './image-readings.ts';
import { normalizeName } from './normalize-name.ts';
import { type PathSource, pathSource } from './path-source.ts';
import type { FieldSeparator } from './separated-fields.ts';
import { type ListReport, readTextLines } from './text-lines.ts';

/** The images and labels of a list. */
export interface ImageList {
  /** Name of the list, for messages. */
  readonly name: string;
  /** Path of each image, as in the list. */
  readonly paths: readonly string[];
  /** Class name of each image; the digits of the label in lists with numbers. */
  readonly labels: readonly string[];
  /** All numbers of each label, for lists with label arrays. */
  readonly labelArrays?: readonly Float32Array[];
  /** What became of the lines of the list; missing for images from elsewhere. */
  readonly report?: ListReport;
}

/** Options of `readImageList`. */
export interface ImageListOptions extends ImageReadingOptions {
  /** Separator of fields; default: the one with which all lines have the same columns. */
  readonly separator?: FieldSeparator;
}

/**
 * Reads a list of images and labels, in one of these formats:
 *
 * - a table with a header line that names a column of paths (`path`, `filename`, `image_id`, …) and one of labels (`label`,
 *   `identity`, `person_id`, …); `name` and `id` are either, and further columns are ignored;
 * - `path label` or `label path` without header, optionally after an index;
 * - MXNet's `.lst`: `number⇥label⇥path`, or several label numbers before the path (the first is the class);
 * - InsightFace's `.lst` of crops: `aligned⇥path⇥label`, optionally followed by a box and landmarks, which are ignored.
 *
 * Fields are separated by tabs, commas, semicolons or spaces; a path or a label in a list of two columns separated by spaces may
 * contain spaces. Where this and the words leave open which column holds the paths, `fileExists` decides, then names that end like
 * image files.
 *
 * No row is lost: `report` of the result lists all lines that are no images.
 * @throws DataError for a line that is neither an image nor a header, and for columns that can be read in several ways
 */
export async function readImageList(file: ByteFile, options: ImageListOptions = {}): Promise<ImageList> {
  const { name } = file;
  const text = await readTextLines(file);
  if (text.lines.length === 0) throw new DataError(`${name}: the list is empty.`);
  const lists = splitImageList(text.lines, options.separator);
  const readings = (await Promise.all(lists.map((list) => imageReadings(list, options)))).flat();
  let fitting = await findFittingReadings(readings);
  if (fitting.length === 0) {
    const below = await Promise.all(lists.map((list) => imageReadingsBelowHeader(list, options)));
    fitting = await findFittingReadings(below.flat());
  }
  if (fitting.length === 0) throwMisfit(readings, text.lines, headerHint);
  const { reading, entries } = await chooseReading(name, fitting, imageCues, headerHint);
  const arrays = entries.flatMap(({ labels }) => (labels ? [labels] : []));
  const list = {
    name,
    paths: entries.map(({ path }) => path),
    labels: entries.map(({ label }) => label),
    report: reportOf(text, reading, describeOddImages(entries)),
  };
  return arrays.length > 0 ? { ...list, labelArrays: arrays } : list;
}

/**
 * Returns an `ImageSource` over the images of a list. Classes are numbered in the natural order of their names.
 * @param readFile reads an image, given its path in the list
 * @param options `classNames`: class names of another set, to number the classes of both sets alike
 * @throws DataError for a class that `classNames` does not contain
 */
export function imageListSource(
  list: ImageList,
  readFile: (path: string) => Promise<Uint8Array>,
  { classNames: names }: { readonly classNames?: readonly string[] } = {},
): PathSource {
  const { name, paths, labelArrays, report } = list;
  const table = classTableFromNames(list.labels, name, names);
  const source = pathSource({ name, paths, ...table, readFile, ...(labelArrays ? { labelArrays } : {}) });
  return report ? { ...source, report } : source;
}

const headerHint = `Name the columns in the first line, as in '${imageHeaderExample}'.`;

/** Returns sentences about images that occur several times. */
function describeOddImages(entries: readonly ImageEntry[]): string[] {
  const labels = new Map<string, string>();
  let repeated = 0;
  const contradictory: string[] = [];
  for (const { path, label } of entries) {
    const earlier = labels.get(path);
    if (earlier === undefined) labels.set(path, label);
    else if (normalizeName(earlier) === normalizeName(label)) repeated += 1;
    else contradictory.push(`'${path}' as '${earlier}' and as '${label}'`);
  }
  const [example] = contradictory;
  return [
    ...(repeated > 0 ? [`${repeated} of ${entries.length} lines repeat an earlier one.`] : []),
    ...(example
      ? [`${contradictory.length} of ${entries.length} lines give an image another label, first ${example}.`]
      : []),
  ];
}
