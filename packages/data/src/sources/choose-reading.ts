import { DataError } from '@openset/core';
import type { FieldSeparator, Row } from './separated-fields.ts';
import {
  type ListReport,
  type NumberedLine,
  type SkippedLine,
  shorten,
  type TextLines,
} from './text-lines.ts';

/** Whether a path of a list is a file. */
export type FileExists = (path: string) => boolean | Promise<boolean>;

/** One way to read the rows of a list. */
export interface Reading<Entry = unknown> {
  /** What the columns hold, for messages. */
  readonly description: string;
  readonly separator: FieldSeparator;
  /** Whether an error message is about this reading rather than others. */
  readonly isLikely: boolean;
  /** Which files must exist for the reading to be right, because it fits so easily or is so unlikely. */
  readonly neededFiles: 'none' | 'some' | 'all';
  /** Header lines. */
  readonly skipped: readonly SkippedLine[];
  /** All other lines. */
  readonly rows: readonly Row[];
  /** Returns the entry of a row, or what is wrong with the row. */
  parse(row: Row): Entry | string;
  /** Whether the image files of an entry exist; null where that is unknown. */
  hasFiles(entry: Entry): Promise<boolean> | null;
  /**
   * Checks a reading that is chosen although none of its files exist.
   * @throws DataError if the files are elsewhere
   */
  checkFiles?(): Promise<void>;
  /** Returns the entries of the list from those of its rows; default: the same. */
  finish?(entries: readonly Entry[]): Promise<readonly Entry[]>;
}

/** A reading that fits all rows, with the entries. */
export interface FittingReading<Entry> {
  readonly reading: Reading<Entry>;
  readonly entries: readonly Entry[];
  /** Whether the files of some rows exist; null if that was not checked. */
  readonly hasFiles: boolean | null;
}

/** Chooses some of several readings; returns at least one. */
export type Cue<Entry> = (readings: readonly FittingReading<Entry>[]) => readonly FittingReading<Entry>[];

/** Number of rows whose files are looked for. */
const sampleSize = 20;

/** Returns the readings that fit all rows. */
export async function findFittingReadings<Entry>(
  readings: readonly Reading<Entry>[],
): Promise<FittingReading<Entry>[]> {
  const fitting: FittingReading<Entry>[] = [];
  for (const reading of readings) {
    const entries = parseAll(reading);
    if (!entries) continue;
    const found = { reading, entries, hasFiles: null };
    if (await hasNeededFiles(found)) fitting.push(found);
  }
  return fitting;
}

async function hasNeededFiles<Entry>(fitting: FittingReading<Entry>): Promise<boolean> {
  const { reading, entries } = fitting;
  if (reading.neededFiles === 'none') return true;
  if (reading.neededFiles === 'some') return (await lookForFiles(fitting)).hasFiles === true;
  for (const entry of entries) if (!(await reading.hasFiles(entry))) return false;
  return true;
}

/** Returns the entries of all rows; null if there are none, or if a row does not fit. */
function parseAll<Entry>({ rows, parse }: Reading<Entry>): Entry[] | null {
  const entries: Entry[] = [];
  for (const row of rows) {
    const entry = row.problem ?? parse(row);
    if (typeof entry === 'string') return null;
    entries.push(entry);
  }
  return entries.length > 0 ? entries : null;
}

/** Returns the readings whose entries all meet a condition; all readings if none is such. */
export function preferReadings<Entry>(
  readings: readonly FittingReading<Entry>[],
  isLikely: (entry: Entry) => boolean,
): readonly FittingReading<Entry>[] {
  const likely = readings.filter(({ entries }) => entries.every(isLikely));
  return likely.length > 0 ? likely : readings;
}

/** Returns the readings with the separator of the first one. */
export function preferFirstSeparator<Entry>(
  readings: readonly FittingReading<Entry>[],
): readonly FittingReading<Entry>[] {
  return readings.filter(({ reading }) => reading.separator === readings[0]?.reading.separator);
}

/**
 * Returns the one of several readings whose files exist, or the one that the cues leave.
 * @param name name of the list, for messages
 * @param remedy what the user can do if several readings are left, a sentence
 * @throws DataError with the readings if several are left
 */
export async function chooseReading<Entry>(
  name: string,
  readings: readonly FittingReading<Entry>[],
  cues: readonly Cue<Entry>[],
  remedy: string,
): Promise<FittingReading<Entry>> {
  let left = readings;
  if (left.length > 1) {
    const checked = await Promise.all(left.map(lookForFiles));
    const found = checked.filter(({ hasFiles }) => hasFiles);
    left = found.length > 0 ? found : checked;
  }
  for (const cue of cues) if (left.length > 1) left = cue(left);
  const [only, ...others] = left as [FittingReading<Entry>, ...FittingReading<Entry>[]];
  if (others.length === 0) {
    const { reading, entries, hasFiles } = await lookForFiles(only);
    if (hasFiles === false) await reading.checkFiles?.();
    return { ...only, hasFiles, entries: (await reading.finish?.(entries)) ?? entries };
  }
  const ways = left.map(({ reading }, index) => `(${index + 1}) ${reading.description}`).join(', or ');
  throw new DataError(`${name}: can be read in ${left.length} ways: ${ways}. ${remedy}`);
}

/** Looks for the files of a sample of rows. */
async function lookForFiles<Entry>(fitting: FittingReading<Entry>): Promise<FittingReading<Entry>> {
  const { reading, entries } = fitting;
  if (fitting.hasFiles !== null) return fitting;
  let hasFiles: boolean | null = null;
  for (const entry of sample(entries)) {
    hasFiles = await reading.hasFiles(entry);
    if (hasFiles !== false) break;
  }
  return { ...fitting, hasFiles };
}

/** Returns up to 20 elements, evenly spaced. */
export function sample<T>(list: readonly T[]): T[] {
  const count = Math.min(sampleSize, list.length);
  return Array.from({ length: count }, (_, index) => list[Math.floor((index * list.length) / count)] as T);
}

/**
 * Throws the error for a list that no reading fits: what the reading that fits most rows finds wrong with the first other row.
 * @param lines lines of the list, at least one
 * @param headerHint sentence for a first line that is neither a row nor a header
 * @throws DataError
 */
export function throwMisfit(
  readings: readonly Reading[],
  lines: readonly NumberedLine[],
  headerHint: string,
): never {
  const [first] = lines as [NumberedLine];
  const likely = readings.filter(({ isLikely }) => isLikely);
  if (likely.some(({ rows }) => rows.length === 0)) {
    throw new DataError(
      `${first.location}: is a header, but no rows follow, found '${shorten(first.text)}'.`,
    );
  }
  const misfits = likely.map(({ rows, skipped, parse }) => {
    const problems = rows.map((row) => row.problem ?? parse(row));
    const wrong = problems.findIndex((problem) => typeof problem === 'string');
    const fits = problems.filter((problem) => typeof problem !== 'string').length;
    return { row: rows[wrong] as Row, problem: problems[wrong] as string, fits, skipped };
  });
  misfits.sort((one, other) => other.fits - one.fits || other.row.fields.length - one.row.fields.length);
  const [best] = misfits;
  const { location, number, text } = best?.row ?? first;
  const problem = best?.problem ?? 'is neither a row nor a header with known words';
  const hint = number === first.number && (best?.skipped.length ?? 0) === 0 ? ` ${headerHint}` : '';
  throw new DataError(`${location}: ${problem}, found '${shorten(text)}'.${hint}`);
}

/** Returns the report of a list. */
export function reportOf(
  { lineCount, skipped }: TextLines,
  reading: Reading,
  notes: readonly string[],
): ListReport {
  const all = [...skipped, ...reading.skipped].sort((one, other) => one.line - other.line);
  return { lineCount, skipped: all, notes };
}
