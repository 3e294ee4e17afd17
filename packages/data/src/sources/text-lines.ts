import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';

const chunkBytes = 1_048_576;

/** A batch of consecutive lines of a text file. */
export interface LineBatch {
  readonly lines: readonly string[];
  /** Number of the first line in the file, from 1. */
  readonly firstNumber: number;
}

/**
 * Reads a UTF-8 text file, which may be larger than memory, in batches of lines. Lines end with `\n`, `\r\n` or `\r`, which
 * is optional for the last line. A byte order mark is skipped.
 * @throws DataError for text that is not UTF-8, and for a line longer than a mebibyte
 */
export async function* readLineBatches(file: ByteFile): AsyncGenerator<LineBatch, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let firstNumber = 1;
  let position = 0;
  while (position < file.size) {
    const chunk = await file.read(position, Math.min(chunkBytes, file.size - position));
    const isLast = position + chunk.length === file.size;
    const end = isLast ? chunk.length : endOfLastLine(chunk);
    if (end === 0) {
      throw new DataError(
        `${file.name}, line ${firstNumber}: is longer than ${chunkBytes} bytes; this is not a text list.`,
      );
    }
    const lines = decode(decoder, chunk.subarray(0, end), `${file.name}, lines from ${firstNumber} on`).split(
      /\r?\n|\r/,
    );
    if (position === 0) lines[0] = (lines[0] as string).replace(/^\uFEFF/, '');
    // No line begins after the final end of line.
    if (lines.at(-1) === '') lines.pop();
    yield { lines, firstNumber };
    firstNumber += lines.length;
    position += end;
  }
}

/** A line of a list and its location. */
export interface NumberedLine {
  readonly text: string;
  /** Number of the line in the file, from 1. */
  readonly number: number;
  /** File and line number, for messages. */
  readonly location: string;
}

/** A line of a list that is no row. */
export interface SkippedLine {
  /** Number of the line, from 1. */
  readonly line: number;
  /** `blank`: only white space. `comment`: `#` and white space begin it. `header`: column names. `count`: LFW's first line. */
  readonly reason: 'blank' | 'comment' | 'header' | 'count';
}

/** What became of the lines of a list: every line is a row or is skipped. */
export interface ListReport {
  /** Number of lines in the file. */
  readonly lineCount: number;
  /** Lines that are no rows, in order. */
  readonly skipped: readonly SkippedLine[];
  /** Oddities in the rows, one sentence each, such as pairs that occur twice. */
  readonly notes: readonly string[];
}

/** The lines of a list that fits in memory. */
export interface TextLines extends Omit<ListReport, 'notes'> {
  /** Lines that are neither blank nor comments. */
  readonly lines: readonly NumberedLine[];
}

/**
 * Reads the lines of a list that fits in memory.
 * @throws DataError as `readLineBatches`
 */
export async function readTextLines(file: ByteFile): Promise<TextLines> {
  const found: NumberedLine[] = [];
  const skipped: SkippedLine[] = [];
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((text, index) => {
      const number = firstNumber + index;
      if (text.trim() === '') skipped.push({ line: number, reason: 'blank' });
      // File names can begin with '#', so a comment needs white space after it.
      else if (/^\s*#(\s|$)/.test(text)) skipped.push({ line: number, reason: 'comment' });
      else found.push({ text, number, location: `${file.name}, line ${number}` });
    });
  }
  return { lines: found, skipped, lineCount: found.length + skipped.length };
}

/**
 * Parses an integer in decimal digits.
 * @throws DataError with location, text and range for other text, and for an integer out of range
 */
export function parseInteger(
  text: string,
  location: string,
  { minimum = 0, maximum = 2 ** 31 - 1 }: { minimum?: number; maximum?: number } = {},
): number {
  const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new DataError(`${location}: '${shorten(text)}' is not an integer from ${minimum} to ${maximum}.`);
}

/** Shortens text of a file for a message. */
export function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/**
 * Returns the end of the last complete line. Line feeds and carriage returns are never part of a longer UTF-8 character. A
 * carriage return counts only in a file without line feeds, and not as the last byte, which a line feed can follow.
 */
function endOfLastLine(chunk: Uint8Array): number {
  return chunk.lastIndexOf(0x0a) + 1 || chunk.lastIndexOf(0x0d, chunk.length - 2) + 1;
}

function decode(decoder: TextDecoder, bytes: Uint8Array, location: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DataError(
      `${location}: the bytes are not UTF-8 text; convert the file, or check that it is a text list.`,
    );
  }
}
