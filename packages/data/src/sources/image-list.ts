import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { classTableFromNames } from './class-table.ts';
import { type PathSource, pathSource } from './path-source.ts';
import { type FieldSeparator, guessSeparator, splitFields } from './separated-fields.ts';
import { type NumberedLine, readLines, shorten } from './text-lines.ts';

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
}

/** Options of `readImageList`. */
export interface ImageListOptions {
  /** Separator of fields; default: a tab, comma or semicolon if the first line has one, otherwise spaces. */
  readonly separator?: FieldSeparator;
  /** Whether the first line names the columns; default: whether it contains words such as `path` and `label`. */
  readonly header?: boolean;
}

const pathWords = new Set(['path', 'file', 'filename', 'file_name', 'image', 'img', 'name']);
const labelWords = new Set(['label', 'class', 'identity', 'id', 'person', 'target', 'name']);

/**
 * Reads a list of images and labels. The first line determines which of these formats the list has:
 *
 * - `path label`, separated by a tab, a comma, a semicolon or spaces. A header line (`path,label`, `id,filename`, …)
 *   names the columns; further columns are ignored. In a list separated by spaces, the label is the last field.
 * - MXNet's `.lst`: `number⇥label⇥path`, or several label numbers before the path (the first is the class).
 * - InsightFace's `.lst` of crops: `aligned⇥path⇥label`, optionally followed by a box and landmarks, which are ignored.
 *
 * @throws DataError for a line in another format than the first one, and for an empty list
 */
export async function readImageList(file: ByteFile, options: ImageListOptions = {}): Promise<ImageList> {
  const lines = await readLines(file);
  const separator = options.separator ?? guessSeparator(lines[0]?.text ?? '');
  const rows: Row[] = lines.map((line) => ({ ...line, fields: splitRow(line, separator) }));
  const [firstRow] = rows;
  if (!firstRow) throw new DataError(`${file.name}: the list is empty.`);
  const columns = findColumns(firstRow, options.header);
  if (columns) rows.shift();
  if (rows.length === 0) throw new DataError(`${file.name}: the list has only a header line.`);
  const parse = columns ? createColumnParser(columns) : chooseRowParser(firstRow, separator);
  const entries = rows.map((row) => {
    const entry = parse(row.fields);
    if (entry?.path && entry.label) return entry;
    throw new DataError(
      `${row.location}: expected a path and a label as in the first line, found '${shorten(row.text)}'.`,
    );
  });
  const arrays = entries.flatMap(({ labels }) => (labels ? [labels] : []));
  const list = {
    name: file.name,
    paths: entries.map(({ path }) => path),
    labels: entries.map(({ label }) => label),
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
  const { name, paths, labelArrays } = list;
  const table = classTableFromNames(list.labels, name, names);
  return pathSource({ name, paths, ...table, readFile, ...(labelArrays ? { labelArrays } : {}) });
}

interface Row extends NumberedLine {
  readonly fields: readonly string[];
}

interface Entry {
  readonly path: string;
  readonly label: string;
  readonly labels?: Float32Array;
}

/** Parses the fields of a row; returns null if they do not have its format. */
type RowParser = (fields: readonly string[]) => Entry | null;

/** Splits a row into fields. Paths may contain spaces, so a list separated by spaces is split once, before the label. */
function splitRow({ text, location }: NumberedLine, separator: FieldSeparator): string[] {
  if (separator !== ' ' || text.includes('"')) return splitFields(text, separator, location);
  const [, path, label] = /^(.*\S)\s+(\S+)$/.exec(text.trim()) ?? [];
  return path === undefined ? [text.trim()] : [path, label as string];
}

function findColumns({ fields, location }: Row, header?: boolean): { path: number; label: number } | null {
  if (header === false) return null;
  const words = fields.map((field) => field.toLowerCase());
  const path = words.findIndex((word) => pathWords.has(word));
  const label = words.findIndex((word, index) => index !== path && labelWords.has(word));
  if (path >= 0 && label >= 0) return { path, label };
  if (!header) return null;
  throw new DataError(
    `${location}: the first line must name a column of paths (${[...pathWords].join(', ')}) and one of labels ` +
      `(${[...labelWords].join(', ')}), found ${fields.join(', ')}.`,
  );
}

function createColumnParser({ path, label }: { path: number; label: number }): RowParser {
  return (fields) => ({ path: fields[path] ?? '', label: fields[label] ?? '' });
}

function chooseRowParser({ fields }: Row, separator: FieldSeparator): RowParser {
  const isLst = separator === '\t' && fields.length >= 3 && /^\d+$/.test(fields[0] as string);
  if (!isLst) return parsePathAndLabel;
  return isNumber(fields[1]) ? parseMxnetRow : parseInsightFaceRow;
}

const parsePathAndLabel: RowParser = (fields) =>
  fields.length === 2 ? { path: fields[0] as string, label: fields[1] as string } : null;

const parseInsightFaceRow: RowParser = ([aligned = '', path = '', label = '']) =>
  /^\d+$/.test(aligned) && isNumber(label) ? { path, label } : null;

const parseMxnetRow: RowParser = (fields) => {
  const labels = fields.slice(1, -1);
  if (!/^\d+$/.test(fields[0] ?? '') || labels.length === 0 || !labels.every(isNumber)) return null;
  // MXNet writes class 3 as 3.000000.
  const entry = { path: fields.at(-1) as string, label: String(Number(labels[0])) };
  return { ...entry, labels: Float32Array.from(labels, Number) };
};

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text !== '' && Number.isFinite(Number(text));
}
