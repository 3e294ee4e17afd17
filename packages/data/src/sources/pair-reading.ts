import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import {
  type Cue,
  chooseReading,
  type FileExists,
  findFittingReadings,
  preferFirstSeparator,
  preferReadings,
  type Reading,
  reportOf,
  throwMisfit,
} from './choose-reading.ts';
import { lfwHeaderExample, pairHeaderExample } from './column-words.ts';
import { isImageName, type SplitList, splitList } from './list-columns.ts';
import { describeOddPairs, type Pair, type PairList, pairListOf } from './pair-list.ts';
import type { FieldSeparator } from './separated-fields.ts';
import { readTextLines } from './text-lines.ts';

/** Options of all readers of pairs. */
export interface PairReadingOptions {
  /** Separator of fields; default: the one with which all lines have the same columns. */
  readonly separator?: FieldSeparator;
  /** Whether a path of the list is a file. It decides where the words of the list leave open what a column or line is. */
  readonly fileExists?: FileExists | undefined;
}

/** A form of lists of pairs. */
export interface PairFormat {
  /** Returns the ways to read a list by its words, the preferred one first. */
  readings(list: SplitList): Promise<readonly Reading<Pair>[]>;
  /** Returns the ways to read a list whose first line is a header of unknown words; used if no other way fits. */
  readingsBelowHeader?(list: SplitList): Promise<readonly Reading<Pair>[]>;
}

const cues: readonly Cue<Pair>[] = [
  (readings) => preferReadings(readings, ({ first, second }) => isImageName(first) && isImageName(second)),
  preferFirstSeparator,
];

const headerHint = `A header line names the columns as in '${pairHeaderExample}' or '${lfwHeaderExample}'.`;

/**
 * Reads a list of pairs in one of several forms.
 * @throws DataError for a list in none of the forms, and for one that fits several
 */
export async function readPairLines(
  file: ByteFile,
  formats: readonly PairFormat[],
  separator?: FieldSeparator,
): Promise<PairList> {
  const { name } = file;
  const text = await readTextLines(file);
  const { lines } = text;
  if (lines.length === 0) throw new DataError(`${name}: has no pairs.`);
  const lists = splitList(lines, 3, separator);
  const collect = async (
    read: (format: PairFormat, list: SplitList) => Promise<readonly Reading<Pair>[]> | undefined,
  ) => (await Promise.all(lists.flatMap((list) => formats.map((format) => read(format, list) ?? [])))).flat();
  const readings = await collect((format, list) => format.readings(list));
  let fitting = await findFittingReadings(readings);
  if (fitting.length === 0) {
    fitting = await findFittingReadings(await collect((format, list) => format.readingsBelowHeader?.(list)));
  }
  if (fitting.length === 0) throwMisfit(readings, text.lines, headerHint);
  const { reading, entries } = await chooseReading(name, fitting, cues, headerHint);
  const notes = describeOddPairs(name, entries, (pair) => reading.rows[pair]?.number as number);
  return { ...pairListOf(entries), report: reportOf(text, reading, notes) };
}
