import { DataError } from '@openset/core';
import { type FileExists, sample } from './choose-reading.ts';
import { imageExtensions } from './image-extensions.ts';
import { type FieldSeparator, type Row, separatorNames, splitRows } from './separated-fields.ts';
import type { NumberedLine, SkippedLine } from './text-lines.ts';

/** The rows of a list, split at one separator. */
export interface SplitList {
  readonly separator: FieldSeparator;
  /** What separates the fields, for messages. */
  readonly by: string;
  /** Whether most lines have this separator and none that is preferred. Names can have any separator. */
  readonly isLikely: boolean;
  readonly rows: readonly Row[];
}

/**
 * Splits a list at each separator that occurs in it, the preferred one first, or at the given one.
 * @param width number of fields that a row has at least
 */
export function splitList(
  lines: readonly NumberedLine[],
  width: number,
  given: FieldSeparator | undefined,
): SplitList[] {
  const separators = given === undefined ? findSeparators(lines) : [given];
  const lists = separators.map((separator) => {
    const rows = splitRows(lines, separator);
    // LFW's first line, of numbers, is often separated otherwise than the pairs.
    const voters = rows.filter(({ text }, index) => index > 0 || !/^[\d\s,;]+$/.test(text));
    const count = voters.filter(({ fields }) => fields.length >= width).length;
    return { separator, rows, count, isCommon: 2 * count >= voters.length };
  });
  const highest = Math.max(...lists.map(({ count }) => count));
  const likely = lists.find(({ isCommon }) => isCommon) ?? lists.find(({ count }) => count === highest);
  return lists.map(({ separator, rows }) => ({
    separator,
    by: separatorNames.get(separator) as string,
    rows,
    isLikely: separator === likely?.separator,
  }));
}

/** Returns the separators that occur. A list with a tab in all lines has no other: names have no tabs. */
function findSeparators(lines: readonly NumberedLine[]): FieldSeparator[] {
  if (lines.every(({ text }) => text.includes('\t'))) return ['\t'];
  const found = [...separatorNames.keys()].filter((one) =>
    lines.some(({ text }) => text.trim().includes(one)),
  );
  return found.length > 0 ? found : [' '];
}

/** Takes the first line, and lines of the same words, which joined lists have, out of the rows. */
export function takeOutHeader(
  rows: readonly Row[],
  reason: SkippedLine['reason'] = 'header',
): { readonly skipped: readonly SkippedLine[]; readonly rows: readonly Row[] } {
  const words = rows[0]?.text.toLowerCase();
  const isHeader = ({ text }: Row) => text.length === words?.length && text.toLowerCase() === words;
  return {
    skipped: rows.filter(isHeader).map(({ number }) => ({ line: number, reason })),
    rows: rows.filter((row) => !isHeader(row)),
  };
}

const imageName = new RegExp(`(?:${imageExtensions.join('|').replaceAll('.', '\\.')})$`, 'i');

/** Whether a field ends like the name of an image file. */
export function isImageName(field: string): boolean {
  return imageName.test(field);
}

/** Whether a field says that it is a path: it ends like the name of an image file or has a separator of folders. */
export function isPath(field: string): boolean {
  return isImageName(field) || /[\\/]/.test(field);
}

/** Whether a column numbers the rows from 0 or 1, as the index of a data frame does. */
export function isRunning(rows: readonly Row[], column: number): boolean {
  const start = Number(rows[0]?.fields[column]);
  return (
    (start === 0 || start === 1) &&
    rows.every(({ fields }, index) => fields[column] === String(start + index))
  );
}

/** Returns the columns of which some fields are files that exist. */
export async function findFileColumns(
  rows: readonly Row[],
  fileExists: FileExists,
): Promise<readonly number[]> {
  const some = sample(rows);
  const width = Math.max(0, ...some.map(({ fields }) => fields.length));
  const found: number[] = [];
  for (let column = 0; column < width; column++) {
    if (
      await someFile(
        some.map(({ fields }) => fields[column] ?? ''),
        fileExists,
      )
    )
      found.push(column);
  }
  return found;
}

/** Returns the columns of which all fields end like names of image files. */
export function findImageNameColumns(rows: readonly Row[]): readonly number[] {
  const [first] = rows;
  const columns = first ? [...first.fields.keys()] : [];
  return columns.filter((column) => rows.every(({ fields }) => isImageName(fields[column] ?? '')));
}

/** Whether any of the fields is a file that exists. */
export async function someFile(
  fields: readonly string[],
  fileExists: FileExists | undefined,
): Promise<boolean> {
  for (const field of fields) if (field !== '' && (await fileExists?.(field))) return true;
  return false;
}

/**
 * Returns what is wrong with a first line that is unlike the others: all of them have names of image files, and it has none and no
 * file that exists. It can be a header of unknown words, which is no row, or a row, which must not be lost.
 */
export async function findFirstLineProblem(
  rows: readonly Row[],
  fileExists: FileExists | undefined,
): Promise<string | null> {
  const [first, ...others] = rows as [Row, ...Row[]];
  if (others.length === 0 || first.fields.some(isPath)) return null;
  if (findImageNameColumns(others).length === 0 || (await someFile(first.fields, fileExists))) return null;
  return 'has no name of an image file where all other lines have one';
}

/**
 * Checks that no other columns hold the files than those that a header names as paths.
 * @throws DataError with the columns
 */
export async function checkPathColumns(
  location: string,
  rows: readonly Row[],
  pathColumns: readonly number[],
  names: readonly string[],
  fileExists: FileExists,
): Promise<void> {
  const found = await findFileColumns(rows, fileExists);
  const [other] = found;
  if (other === undefined || found.some((column) => pathColumns.includes(column))) return;
  const quoted = (column: number) => `'${names[column]}'`;
  throw new DataError(
    `${location}: names ${pathColumns.map(quoted).join(' and ')} as paths, but the files that exist are in the column ` +
      `${quoted(other)}. Correct the header.`,
  );
}

/** Returns the names of all columns. R names one column less than there are: its index has no name. */
export function columnNames({ fields }: Row, body: readonly Row[]): readonly string[] {
  const isShifted =
    body.length > 0 && body.every((row) => row.fields.length === fields.length + 1) && isRunning(body, 0);
  return isShifted ? ['', ...fields] : fields;
}
