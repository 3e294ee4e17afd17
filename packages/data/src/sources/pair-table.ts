import { ConfigError, checkNumber, DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { PairCollector, type PairList } from './pair-list.ts';
import { type FieldSeparator, guessSeparator, splitFields } from './separated-fields.ts';
import { type NumberedLine, parseInteger, readLines, shorten } from './text-lines.ts';

/** Options of `readPairTable`. */
export interface PairTableOptions {
  /** Separator of fields; default: a tab, comma or semicolon if the first line has one, otherwise spaces. */
  readonly separator?: FieldSeparator;
  /** Number of equal folds into which to divide a list without fold column, in order: 10 for AgeDB, CALFW, CPLFW. */
  readonly folds?: number;
}

// The word 'same' itself is not included: it occurs in header lines.
const same = new Set(['1', 'true', 'yes']);
const different = new Set(['0', '-1', 'false', 'no']);

/**
 * Reads a table of pairs: `path1, path2, same` with an optional fourth field `fold`, from 0; or `same path1 path2`, as in
 * the lists of the AgeDB-30, CALFW, CPLFW and CFP crops. `same` is `1`, `true` or `yes` for one person, and `0`, `-1`,
 * `false` or `no` for two people. A header line is skipped.
 * @throws DataError for a malformed line
 * @throws ConfigError for the option `folds` if the list has a fold column or cannot be divided evenly
 */
export async function readPairTable(file: ByteFile, options: PairTableOptions = {}): Promise<PairList> {
  const lines = await readLines(file);
  const separator = options.separator ?? guessSeparator(lines[0]?.text ?? '');
  const rows = lines.map((line) => ({ ...line, fields: splitFields(line.text, separator, line.location) }));
  if (rows[0] && findSameColumn(rows[0].fields) < 0) rows.shift();
  const [firstRow] = rows;
  if (!firstRow) throw new DataError(`${file.name}: has no pairs.`);
  const column = findSameColumn(firstRow.fields);
  const pairs = new PairCollector();
  const width = firstRow.fields.length;
  for (const row of rows) addRow(pairs, row, column, width);
  const list = pairs.toList();
  return options.folds === undefined ? list : divideIntoFolds(list, options.folds, file.name);
}

function addRow(
  pairs: PairCollector,
  { fields, location, text }: NumberedLine & { fields: readonly string[] },
  column: number,
  width: number,
): void {
  const word = fields[column]?.toLowerCase() ?? '';
  const [first, second] = column === 0 ? [fields[1], fields[2]] : [fields[0], fields[1]];
  const isPair = (same.has(word) || different.has(word)) && first && second && fields.length === width;
  if (!isPair) {
    const form = column === 0 ? "'same path path'" : "'path, path, same' or 'path, path, same, fold'";
    throw new DataError(`${location}: expected ${form} in ${width} fields, found '${shorten(text)}'.`);
  }
  const fold = width === 4 ? parseInteger(fields[3] as string, location, { maximum: 9999 }) : undefined;
  pairs.add(first, second, same.has(word), fold);
}

/** Returns the index of the field `same`; −1 if no field has one of its values, as in a header line. */
function findSameColumn(fields: readonly string[]): number {
  const isWord = (field = '') => same.has(field.toLowerCase()) || different.has(field.toLowerCase());
  if ((fields.length === 3 || fields.length === 4) && isWord(fields[2])) return 2;
  return fields.length === 3 && isWord(fields[0]) ? 0 : -1;
}

function divideIntoFolds(list: PairList, count: number, name: string): PairList {
  checkNumber('readPairTable: folds', count, { minimum: 1, integer: true });
  if (list.folds) throw new ConfigError(`${name} has a fold column; omit the option folds.`);
  const size = list.first.length;
  if (size % count !== 0) {
    throw new ConfigError(
      `${name} has ${size} pairs, which cannot be divided into ${count} folds of equal size.`,
    );
  }
  return { ...list, folds: Int32Array.from(list.first, (_, index) => Math.floor((index * count) / size)) };
}
