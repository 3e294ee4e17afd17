import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { tableOfNames } from './class-table.ts';
import { type PathSource, pathSource } from './path-source.ts';
import { type FieldSeparator, guessSeparator, splitFields } from './separated-fields.ts';
import { type NumberedLine, readLines, shorten } from './text-lines.ts';

/** The pictures that a list names. */
export interface ImageList {
  readonly name: string;
  /** As they stand in the list. */
  readonly paths: readonly string[];
  /** Name of the class of each; its digits where the list has numbers. */
  readonly labels: readonly string[];
  /** All numbers of each label, for lists with label arrays. */
  readonly labelArrays?: readonly Float32Array[];
}

/** Options of `readImageList`. */
export interface ImageListOptions {
  /** What stands between fields; default: a tab, comma or semicolon if the first line has one, otherwise spaces. */
  readonly separator?: FieldSeparator;
  /** Whether the first line names the columns; default: if it holds two words such as `path` and `label`. */
  readonly header?: boolean;
}

const pathWords = new Set(['path', 'file', 'filename', 'file_name', 'image', 'img', 'name']);
const labelWords = new Set(['label', 'class', 'identity', 'id', 'person', 'target', 'name']);

/**
 * Reads a list of pictures and labels, in one of these forms, told apart by the first line:
 *
 * - `path label` with a tab, a comma, a semicolon or spaces between; a first line of names (`path,label`, `id,filename`,
 *   …) says which column is which, other columns are left out. Between spaces, the label is the last field.
 * - MXNet's `.lst`: `number⇥label⇥path`, or several label numbers before the path (the first is the class).
 * - InsightFace's `.lst` of crops: `aligned⇥path⇥label`, and perhaps a box and landmarks, which are left out.
 *
 * @throws DataError for a line of another form than the first one, and for a list of nothing
 */
export async function readImageList(file: ByteFile, options: ImageListOptions = {}): Promise<ImageList> {
  const lines = await readLines(file);
  const separator = options.separator ?? guessSeparator(lines[0]?.text ?? '');
  const rows: Row[] = lines.map((line) => ({ ...line, fields: splitRow(line, separator) }));
  const [firstRow] = rows;
  if (!firstRow) throw new DataError(`${file.name}: the list is empty.`);
  const columns = findColumns(firstRow, options.header);
  if (columns) rows.shift();
  if (rows.length === 0) throw new DataError(`${file.name}: the list has a line of names and nothing else.`);
  const read = columns ? byColumns(columns) : chooseForm(firstRow, separator);
  const entries = rows.map((row) => {
    const entry = read(row.fields);
    if (entry?.path && entry.label) return entry;
    throw new DataError(
      `${row.place}: expected a path and a label as in the first line, found '${shorten(row.text)}'.`,
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
 * The `ImageSource` of a list. Classes are numbered in the natural order of their names.
 * @param readFile reads a picture by its path, as the list names it
 * @param options `classNames`: names that the classes must have, those of another set
 * @throws DataError for a class that is not in the names given
 */
export function imageListSource(
  list: ImageList,
  readFile: (path: string) => Promise<Uint8Array>,
  { classNames: names }: { readonly classNames?: readonly string[] } = {},
): PathSource {
  const { name, paths, labelArrays } = list;
  const table = tableOfNames(list.labels, name, names);
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

type Form = (fields: readonly string[]) => Entry | null;

/** Paths may hold spaces, so at spaces a line is cut once, before the label. */
function splitRow({ text, place }: NumberedLine, separator: FieldSeparator): string[] {
  if (separator !== ' ' || text.includes('"')) return splitFields(text, separator, place);
  const [, path, label] = /^(.*\S)\s+(\S+)$/.exec(text.trim()) ?? [];
  return path === undefined ? [text.trim()] : [path, label as string];
}

function findColumns({ fields, place }: Row, header?: boolean): { path: number; label: number } | null {
  if (header === false) return null;
  const words = fields.map((field) => field.toLowerCase());
  const path = words.findIndex((word) => pathWords.has(word));
  const label = words.findIndex((word, index) => index !== path && labelWords.has(word));
  if (path >= 0 && label >= 0) return { path, label };
  if (!header) return null;
  throw new DataError(
    `${place}: the first line must name a column of paths (${[...pathWords].join(', ')}) and one of labels ` +
      `(${[...labelWords].join(', ')}), but has ${fields.join(', ')}.`,
  );
}

function byColumns({ path, label }: { path: number; label: number }): Form {
  return (fields) => ({ path: fields[path] ?? '', label: fields[label] ?? '' });
}

function chooseForm({ fields }: Row, separator: FieldSeparator): Form {
  const isLst = separator === '\t' && fields.length >= 3 && /^\d+$/.test(fields[0] as string);
  if (!isLst) return readPathAndLabel;
  return isNumber(fields[1]) ? readNumberedLine : readAlignedLine;
}

const readPathAndLabel: Form = (fields) =>
  fields.length === 2 ? { path: fields[0] as string, label: fields[1] as string } : null;

const readAlignedLine: Form = ([aligned = '', path = '', label = '']) =>
  /^\d+$/.test(aligned) && isNumber(label) ? { path, label } : null;

const readNumberedLine: Form = (fields) => {
  const labels = fields.slice(1, -1);
  if (!/^\d+$/.test(fields[0] ?? '') || labels.length === 0 || !labels.every(isNumber)) return null;
  // As MXNet writes it: 3.000000 is class 3.
  const entry = { path: fields.at(-1) as string, label: String(Number(labels[0])) };
  return { ...entry, labels: Float32Array.from(labels, Number) };
};

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text !== '' && Number.isFinite(Number(text));
}
