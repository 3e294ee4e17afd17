import { ConfigError, checkNumber, DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { type FileExists, type Reading, sample } from './choose-reading.ts';
import {
  findFoldColumn,
  findIndexColumn,
  findInverseColumn,
  findPairColumns,
  findPathPairs,
  isPandasHeader,
  namePaths,
  type PairColumns,
} from './column-words.ts';
import {
  checkPathColumns,
  columnNames,
  findFileColumns,
  findFirstLineProblem,
  findImageNameColumns,
  isPath,
  isRunning,
  type SplitList,
  someFile,
  takeOutHeader,
} from './list-columns.ts';
import type { Pair, PairList } from './pair-list.ts';
import { type PairFormat, type PairReadingOptions, readPairLines } from './pair-reading.ts';
import { parseSame, sameValueExamples } from './same-values.ts';
import type { Row } from './separated-fields.ts';
import { type SkippedLine, shorten } from './text-lines.ts';

/** Options of `readPairTable`. */
export interface PairTableOptions extends PairReadingOptions {
  /** Number of equal folds into which to divide a list without fold column, in order: 10 for AgeDB, CALFW, CPLFW. */
  readonly folds?: number;
}

/**
 * Reads a table of pairs. A header line names the columns: the paths of two images (`path1,path2`, `img_a,img_b`, …), whether they
 * show one person (`same`, `label`, `match`, …) and optionally a `fold`; other columns are ignored. Without a header, the columns
 * are `path, path, same` with an optional fold, or `same path path` as in the lists of the AgeDB-30, CALFW and CPLFW crops, both
 * optionally after an index. See `docs/data-formats.md` for the words, the values of `same` and the separators.
 *
 * No row is lost: `report` of the result lists all lines that are no pairs. A first line is a header if its words say so, or if,
 * by the option `fileExists`, none of its fields is a file while the files of the other lines exist.
 * @throws DataError for a line that is neither a pair nor a header, columns that can be read in several ways, and pairs that
 * contradict each other
 * @throws ConfigError for the option `folds` if the list has a fold column or cannot be divided evenly
 */
export async function readPairTable(file: ByteFile, options: PairTableOptions = {}): Promise<PairList> {
  const list = await readPairLines(file, [pairTableFormat(options)], options.separator);
  return options.folds === undefined ? list : divideIntoFolds(list, options.folds, file.name);
}

/** Returns the form of tables of pairs. */
export function pairTableFormat({ fileExists }: PairReadingOptions): PairFormat {
  return {
    async readings(list) {
      const below = belowHeader(list);
      const { names, rows } = below;
      const paths = findPathPairs(names);
      if (paths.length > 0 && !(await areFiles(paths.flat(), names))) {
        const known = findPairColumns(names);
        // Files can have names such as 'a' and 'b', but a list has no second header.
        const isHeader =
          known.length > 0 && !sample(rows).some(({ fields }) => findPairColumns(fields).length > 0);
        if (isHeader) return known.map((columns) => tableReading({ ...below, columns }));
        if (known.length === 0 && namePaths(names)) {
          const readings = await readingsBelow(below, paths);
          return readings.length > 0 ? readings : [withoutSame(list)];
        }
      }
      const headerless = await headerlessReadings(list, fileExists);
      return isPandasHeader(names) ? [...(await readingsBelow(below)), ...headerless] : headerless;
    },
    async readingsBelowHeader(list) {
      const { fields } = list.rows[0] as Row;
      const isUnknown = list.isLikely && findPairColumns(fields).length === 0 && !fields.some(isPath);
      if (!fileExists || !isUnknown || (await someFile(fields, fileExists))) return [];
      return readingsBelow({ ...belowHeader(list), neededFiles: 'some' });
    },
  };

  function belowHeader(list: SplitList): HeadedTable {
    const header = list.rows[0] as Row;
    const body = takeOutHeader(list.rows);
    return { ...list, ...body, header, names: columnNames(header, body.rows), fileExists };
  }

  function areFiles(columns: readonly number[], fields: readonly string[]): Promise<boolean> {
    return someFile(
      columns.map((column) => fields[column] as string),
      fileExists,
    );
  }
}

interface Table extends SplitList {
  readonly neededFiles?: 'some';
  readonly skipped: readonly SkippedLine[];
  readonly fileExists: FileExists | undefined;
}

interface HeadedTable extends Table {
  readonly header: Row;
  readonly names: readonly string[];
}

/** Returns a reading that fits no row, for the message about a header. */
function withoutSame(list: SplitList): Reading<Pair> {
  const columns = { first: 0, second: 1, same: 2, fold: -1 };
  const reading = tableReading({ ...list, skipped: [], fileExists: undefined, names: [], columns });
  return { ...reading, parse: () => 'names paths, but no column whose values say who a pair shows' };
}

/** Columns of tables without a header: `path path same [fold]` or `same path path`. */
const headerlessColumns: readonly { readonly width: number; readonly columns: PairColumns }[] = [
  { width: 3, columns: { first: 0, second: 1, same: 2, fold: -1 } },
  { width: 4, columns: { first: 0, second: 1, same: 2, fold: 3 } },
  { width: 3, columns: { first: 1, second: 2, same: 0, fold: -1 } },
];

/** Returns the readings of a table without a header, optionally after an index. */
async function headerlessReadings(
  list: SplitList,
  fileExists: FileExists | undefined,
): Promise<Reading<Pair>[]> {
  const { rows } = list;
  const problem = await findFirstLineProblem(rows, fileExists);
  const after = (index: number) =>
    headerlessColumns.map(({ width, columns: { first, second, same, fold } }) => {
      const columns = {
        first: first + index,
        second: second + index,
        same: same + index,
        fold: fold < 0 ? fold : fold + index,
      };
      const names = namesOf(columns, width + index);
      const reading = tableReading({ ...list, skipped: [], fileExists, columns, names });
      const parse = (row: Row) => (row === rows[0] && problem) || reading.parse(row);
      return { width: names.length, reading: { ...reading, parse } };
    });
  const readings = [...after(0), ...(isRunning(rows, 0) ? after(1) : [])];
  const width = rows[(rows.length - 1) >> 1]?.fields.length;
  const ofWidth = readings.filter((one) => one.width === width);
  return (ofWidth.length > 0 ? ofWidth : readings).map(({ reading }) => reading);
}

function namesOf({ first, second, same, fold }: PairColumns, width: number): string[] {
  return Array.from({ length: width }, (_, column) =>
    column === first || column === second
      ? 'path'
      : column === same
        ? 'same'
        : column === fold
          ? 'fold'
          : 'index',
  );
}

/** Returns the readings of the rows below a header whose words do not name all columns: by what the columns hold. */
async function readingsBelow(
  table: HeadedTable,
  paths?: readonly (readonly [number, number])[],
): Promise<Reading<Pair>[]> {
  const { rows, names, header, fileExists } = table;
  const inverse = findInverseColumn(names);
  if (inverse >= 0) {
    throw new DataError(
      `${header.location}: in a column '${names[inverse]}', 1 would stand for two people. Swap its values and name it 'same'.`,
    );
  }
  const fold = findFoldColumn(names);
  const index = findIndexColumn(names);
  const existing = fileExists ? await findFileColumns(rows, fileExists) : [];
  const files = existing.length > 0 ? existing : findImageNameColumns(rows);
  const pairs =
    paths ?? files.flatMap((first, at) => files.slice(at + 1).map((second) => [first, second] as const));
  return pairs.flatMap(([first, second]) => {
    if (first === index || second === index) return [];
    const others = [...names.keys()].filter((column) => ![first, second, index, fold].includes(column));
    const sames = others.filter((column) =>
      rows.every(({ fields }) => parseSame(fields[column] ?? '') !== null),
    );
    return sames.map((same) => tableReading({ ...table, columns: { first, second, same, fold } }));
  });
}

function tableReading(
  table: Table & {
    readonly header?: Row;
    /** Names of the columns, or what they are in a table without a header. */
    readonly names: readonly string[];
    readonly columns: PairColumns;
  },
): Reading<Pair> {
  const { separator, by, isLikely, header, skipped, rows, names, columns, fileExists } = table;
  const { first, second, same, fold } = columns;
  const nameOf = (column: number) => `column ${column + 1}${header ? ` '${names[column]}'` : ''}`;
  return {
    description: `paths in ${nameOf(first)} and ${nameOf(second)}, 'same' in ${nameOf(same)}, separated by ${by}`,
    separator,
    isLikely,
    neededFiles: table.neededFiles ?? (isLikely ? 'none' : 'all'),
    skipped,
    rows,
    parse({ fields }): Pair | string {
      if (fields.length > names.length || (!header && fields.length < names.length)) {
        const form = header ? 'below the header' : `as '${names.join(', ')}'`;
        return `expected ${names.length} fields ${form}, not ${fields.length}`;
      }
      const [one = '', other = '', word = ''] = [fields[first], fields[second], fields[same]];
      if (one === '' || other === '') return `expected a path in ${nameOf(one === '' ? first : second)}`;
      const isSame = parseSame(word);
      if (isSame === null) {
        return `'${shorten(word)}' in ${nameOf(same)} does not say who the pair shows (expected ${sameValueExamples})`;
      }
      if (fold < 0) return { first: one, second: other, isSame };
      // pandas writes whole numbers as 3.0 if a column has gaps.
      const isNumber = /^\d{1,9}(?:\.0*)?$/.test(fields[fold] ?? '');
      return isNumber
        ? { first: one, second: other, isSame, fold: Number(fields[fold]) }
        : `expected the number of a fold in ${nameOf(fold)}`;
    },
    hasFiles: (pair) => (fileExists ? areBothFiles(pair, fileExists) : null),
    async checkFiles() {
      if (header && fileExists)
        await checkPathColumns(header.location, rows, [first, second], names, fileExists);
    },
  };
}

async function areBothFiles({ first, second }: Pair, fileExists: FileExists): Promise<boolean> {
  return (await fileExists(first)) && (await fileExists(second));
}

/** Divides a list into folds of equal size, in order. */
export function divideIntoFolds(list: PairList, count: number, name: string): PairList {
  checkNumber('readPairTable: folds', count, { minimum: 1, integer: true });
  if (list.folds) throw new ConfigError(`${name} has folds; omit the option folds.`);
  const size = list.first.length;
  if (size % count !== 0) {
    throw new ConfigError(
      `${name} has ${size} pairs, which cannot be divided into ${count} folds of equal size.`,
    );
  }
  return { ...list, folds: Int32Array.from(list.first, (_, index) => Math.floor((index * count) / size)) };
}
