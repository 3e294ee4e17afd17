import { ConfigError, checkNumber, DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { PairCollector, type PairList } from './pair-list.ts';
import { type FieldSeparator, guessSeparator, splitFields } from './separated-fields.ts';
import { type NumberedLine, parseWhole, readLines, shorten } from './text-lines.ts';

/** Options of `readPairTable`. */
export interface PairTableOptions {
  /** What stands between fields; default: a tab, comma or semicolon if the first line has one, otherwise spaces. */
  readonly separator?: FieldSeparator;
  /** Cuts a list without a column of folds into this many folds of equal size, in order: 10 for AgeDB, CALFW, CPLFW. */
  readonly folds?: number;
}

// Words such as 'same' are names of columns.
const same = new Set(['1', 'true', 'yes']);
const different = new Set(['0', '-1', 'false', 'no']);

/**
 * Reads a table of pairs: `path1, path2, same` with an optional fourth field `fold`, counted from 0; or, as the lists
 * of the AgeDB-30, CALFW, CPLFW and CFP crops have it, `same path1 path2`. `same` is `1`, `true` or `yes` for one person
 * and `0`, `-1`, `false` or `no` for two. A first line of names is left out.
 * @throws DataError for a line that is no pair
 * @throws ConfigError if folds are asked for that the list has already, or into which it cannot be cut
 */
export async function readPairTable(file: ByteFile, options: PairTableOptions = {}): Promise<PairList> {
  const lines = await readLines(file);
  const separator = options.separator ?? guessSeparator(lines[0]?.text ?? '');
  const rows = lines.map((line) => ({ ...line, fields: splitFields(line.text, separator, line.place) }));
  if (rows[0] && sameColumn(rows[0].fields) < 0) rows.shift();
  const [firstRow] = rows;
  if (!firstRow) throw new DataError(`${file.name}: has no pairs.`);
  const column = sameColumn(firstRow.fields);
  const pairs = new PairCollector();
  const width = firstRow.fields.length;
  for (const row of rows) addRow(pairs, row, column, width);
  const list = pairs.toList();
  return options.folds === undefined ? list : cutIntoFolds(list, options.folds, file.name);
}

function addRow(
  pairs: PairCollector,
  { fields, place, text }: NumberedLine & { fields: readonly string[] },
  column: number,
  width: number,
): void {
  const word = fields[column]?.toLowerCase() ?? '';
  const [first, second] = column === 0 ? [fields[1], fields[2]] : [fields[0], fields[1]];
  const isPair = (same.has(word) || different.has(word)) && first && second && fields.length === width;
  if (!isPair) {
    const form = column === 0 ? "'same path path'" : "'path, path, same' or 'path, path, same, fold'";
    throw new DataError(`${place}: expected ${form} in ${width} fields, found '${shorten(text)}'.`);
  }
  const fold = width === 4 ? parseWhole(fields[3] as string, place, { maximum: 9999 }) : undefined;
  pairs.add(first, second, same.has(word), fold);
}

/** Which field says 'same'; −1 if none does, as in a line of names. */
function sameColumn(fields: readonly string[]): number {
  const isWord = (field = '') => same.has(field.toLowerCase()) || different.has(field.toLowerCase());
  if ((fields.length === 3 || fields.length === 4) && isWord(fields[2])) return 2;
  return fields.length === 3 && isWord(fields[0]) ? 0 : -1;
}

function cutIntoFolds(list: PairList, count: number, name: string): PairList {
  checkNumber('The number of folds', count, { minimum: 1, integer: true });
  if (list.folds) throw new ConfigError(`${name} has a column of folds; leave out the option folds.`);
  const size = list.first.length;
  if (size % count !== 0) {
    throw new ConfigError(
      `${name} has ${size} pairs, which cannot be cut into ${count} folds of equal size.`,
    );
  }
  return { ...list, folds: Int32Array.from(list.first, (_, index) => Math.floor((index * count) / size)) };
}
