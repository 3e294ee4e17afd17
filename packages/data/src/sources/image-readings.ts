import {
  type Cue,
  type FileExists,
  type FittingReading,
  preferFirstSeparator,
  type Reading,
  sample,
} from './choose-reading.ts';
import { findImageColumns, findIndexColumn, type ImageColumns, isPandasHeader } from './column-words.ts';
import {
  checkPathColumns,
  columnNames,
  findFileColumns,
  findFirstLineProblem,
  findImageNameColumns,
  isImageName,
  isPath,
  isRunning,
  type SplitList,
  someFile,
  splitList,
  takeOutHeader,
} from './list-columns.ts';
import type { FieldSeparator, Row } from './separated-fields.ts';
import type { NumberedLine, SkippedLine } from './text-lines.ts';

/** Options that decide what the lines and columns of an image list are. */
export interface ImageReadingOptions {
  /** Whether the first line names the columns; default: whether it contains words such as `path` and `label`. */
  readonly header?: boolean;
  /** Whether a path of the list is a file. It decides where the words of the list leave open what a column or line is. */
  readonly fileExists?: FileExists | undefined;
}

/** A row of an image list. */
export interface ImageEntry {
  readonly path: string;
  readonly label: string;
  readonly labels?: Float32Array;
}

/**
 * Splits a list as `splitList` does, and at the last and at the first space of each line: in a list of two columns that is
 * separated by spaces, one of them may contain spaces.
 */
export function splitImageList(lines: readonly NumberedLine[], separator?: FieldSeparator): SplitList[] {
  return splitList(lines, 2, separator).flatMap((list) => {
    const isPlain = list.separator !== ' ' || lines.some(({ text }) => text.includes('"'));
    if (isPlain || list.rows.every(({ fields }) => fields.length === 2)) return [list];
    const splitAt = (by: string, pattern: RegExp): SplitList => {
      const split = (row: Row) => pattern.exec(row.text.trim())?.slice(1) ?? row.fields;
      return { ...list, by, rows: list.rows.map((row) => ({ ...row, fields: split(row) })) };
    };
    return [
      list,
      splitAt('the last space', /^(.*\S)\s+(\S+)$/),
      splitAt('the first space', /^(\S+)\s+(.*)$/),
    ];
  });
}

/** Returns the ways to read a list by the words of its first line, or as a list without header. */
export async function imageReadings(
  list: SplitList,
  { header, fileExists }: ImageReadingOptions,
): Promise<Reading<ImageEntry>[]> {
  const first = list.rows[0] as Row;
  const below = { ...list, ...takeOutHeader(list.rows), header: first, fileExists };
  const names = columnNames(first, below.rows);
  const known = header === false ? [] : findImageColumns(names);
  const readings = known.map((columns) => columnReading({ ...below, columns, names }));
  if (header) return readings;
  const paths = known.map(({ path }) => names[path] as string);
  // Files can have names such as 'image', but a list has no second header.
  const isHeader = !sample(below.rows).some(({ fields }) => findImageColumns(fields).length > 0);
  if (known.length > 0 && isHeader && !(await someFile(paths, fileExists))) return readings;
  const problem = header === false ? null : await findFirstLineProblem(list.rows, fileExists);
  const headerless = headerlessReadings({ ...list, skipped: [], fileExists }).map((reading) => ({
    ...reading,
    parse: (row: Row) => (row === first && problem) || reading.parse(row),
  }));
  const isPandas = header !== false && isPandasHeader(first.fields);
  return isPandas ? [...(await readingsBelow(list, fileExists)), ...headerless] : headerless;
}

/** Returns the ways to read a list whose first line is a header of unknown words; used if no other way fits. */
export async function imageReadingsBelowHeader(
  list: SplitList,
  { header, fileExists }: ImageReadingOptions,
): Promise<Reading<ImageEntry>[]> {
  const { fields } = list.rows[0] as Row;
  const isUnknown = list.isLikely && findImageColumns(fields).length === 0 && !fields.some(isPath);
  if (header === false || !fileExists || !isUnknown || (await someFile(fields, fileExists))) return [];
  return readingsBelow(list, fileExists, 'some');
}

/** Returns the readings of the rows below a header, by what the columns hold. */
async function readingsBelow(
  list: SplitList,
  fileExists: FileExists | undefined,
  neededFiles?: 'some',
): Promise<Reading<ImageEntry>[]> {
  const header = list.rows[0] as Row;
  const needs = neededFiles && { neededFiles };
  const below = { ...list, ...takeOutHeader(list.rows), ...needs, header, fileExists };
  const names = columnNames(header, below.rows);
  const index = findIndexColumn(names);
  const existing = fileExists ? await findFileColumns(below.rows, fileExists) : [];
  const paths = existing.length > 0 ? existing : findImageNameColumns(below.rows);
  return paths.flatMap((path) =>
    [...names.keys()]
      .filter((label) => label !== path && label !== index && path !== index)
      .map((label) => columnReading({ ...below, names, columns: { path, label } })),
  );
}

interface Table extends SplitList {
  readonly neededFiles?: 'some';
  readonly skipped: readonly SkippedLine[];
  readonly fileExists: FileExists | undefined;
}

/** Returns the readings of a list without header: an `.lst`, or two columns in either order, optionally after an index. */
function headerlessReadings(table: Table): Reading<ImageEntry>[] {
  const { separator, rows } = table;
  const [first, second, third] = rows[0]?.fields ?? [];
  const isList = separator === '\t' && third !== undefined && /^\d+$/.test(first ?? '');
  const names = ['', ''];
  const lst = (parse: Reading<ImageEntry>['parse'], description: string) =>
    sample(rows).every((row) => typeof parse(row) !== 'string') || !isRunning(rows, 0)
      ? [{ ...columnReading({ ...table, names, columns: { path: 0, label: 1 } }), parse, description }]
      : null;
  const ofList =
    (isList && isNumber(second) && lst(parseMxnetRow, "'number label path' as in MXNet's .lst")) ||
    (isList && isNumber(third) && lst(parseInsightFaceRow, "'aligned path label' as in InsightFace's .lst"));
  if (ofList) return ofList;
  const shift = third !== undefined && isRunning(rows, 0) ? 1 : 0;
  return [0, 1].map((path) => {
    const columns = { path: path + shift, label: 1 - path + shift };
    return columnReading({ ...table, columns, names: shift ? ['', ...names] : names });
  });
}

function columnReading(
  table: Table & {
    readonly header?: Row;
    /** Names of the columns, empty without header. */
    readonly names: readonly string[];
    readonly columns: ImageColumns;
  },
): Reading<ImageEntry> {
  const { separator, by, isLikely, skipped, rows, header, names, columns, fileExists } = table;
  const { path, label } = columns;
  const nameOf = (column: number) => `column ${column + 1}${header ? ` '${names[column]}'` : ''}`;
  return {
    description: `paths in ${nameOf(path)} and labels in ${nameOf(label)}, separated by ${by}`,
    separator,
    isLikely,
    // Two columns of any text fit almost every line, unless the first has names of images.
    neededFiles:
      table.neededFiles ??
      (isLikely || (path < label && findImageNameColumns(rows).includes(path)) ? 'none' : 'all'),
    skipped,
    rows,
    parse({ fields }) {
      if (fields.length > names.length) {
        return `expected a path and a label in ${names.length} fields, not ${fields.length}`;
      }
      const entry = { path: fields[path] ?? '', label: fields[label] ?? '' };
      return entry.path !== '' && entry.label !== '' ? entry : 'expected a path and a label';
    },
    hasFiles: (entry) => (fileExists ? Promise.resolve(fileExists(entry.path)) : null),
    async checkFiles() {
      if (header && fileExists) await checkPathColumns(header.location, rows, [path], names, fileExists);
    },
  };
}

function parseInsightFaceRow({ fields }: Row): ImageEntry | string {
  const [aligned = '', path = '', label = ''] = fields;
  const isEntry = /^\d+$/.test(aligned) && path !== '' && isNumber(label);
  return isEntry ? { path, label } : "expected 'aligned path label' as in the first line";
}

function parseMxnetRow({ fields }: Row): ImageEntry | string {
  const labels = fields.slice(1, -1);
  const isEntry = /^\d+$/.test(fields[0] ?? '') && labels.length > 0 && labels.every(isNumber);
  if (!isEntry) return "expected 'number label path' as in the first line";
  // MXNet writes class 3 as 3.000000.
  const entry = { path: fields.at(-1) as string, label: String(Number(labels[0])) };
  return { ...entry, labels: Float32Array.from(labels, Number) };
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text !== '' && Number.isFinite(Number(text));
}

type Fitting = FittingReading<ImageEntry>;

/** Cues for lists whose words and files leave open which column holds the paths and which the labels. */
export const imageCues: readonly Cue<ImageEntry>[] = [
  (readings) =>
    keepHighest(readings, (path, label) => Number(isImageName(path)) - Number(isImageName(label))),
  preferFirstSeparator,
  (readings) => keepHighest(readings, (path, label) => Number(isPath(path)) - Number(isPath(label))),
  (readings) =>
    keepSome(readings, ({ entries }) => isDistinct(entries, 'path') && !isDistinct(entries, 'label')),
  // A number and a name of each person are the same classes.
  (readings) =>
    readings.every((other) => haveSameClasses(readings[0] as Fitting, other))
      ? readings.slice(0, 1)
      : readings,
];

function keepHighest(
  readings: readonly Fitting[],
  score: (path: string, label: string) => number,
): readonly Fitting[] {
  const sums = readings.map(({ entries }) =>
    entries.reduce((sum, { path, label }) => sum + score(path, label), 0),
  );
  const highest = Math.max(...sums);
  return readings.filter((_, index) => sums[index] === highest);
}

function keepSome(readings: readonly Fitting[], isLikely: (reading: Fitting) => boolean): readonly Fitting[] {
  const likely = readings.filter(isLikely);
  return likely.length > 0 ? likely : readings;
}

function isDistinct(entries: readonly ImageEntry[], key: 'path' | 'label'): boolean {
  return new Set(entries.map((entry) => entry[key])).size === entries.length;
}

/** Whether two readings have the same images and divide them into the same classes. */
function haveSameClasses({ entries }: Fitting, { entries: others }: Fitting): boolean {
  const pairs = new Set(entries.map(({ label }, index) => `${label}\0${others[index]?.label}`));
  const sizeOf = (list: readonly ImageEntry[]) => new Set(list.map(({ label }) => label)).size;
  const isEqual = pairs.size === sizeOf(entries) && pairs.size === sizeOf(others);
  return isEqual && entries.every(({ path }, index) => path === others[index]?.path);
}
