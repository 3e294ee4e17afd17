import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';

const chunkBytes = 1_048_576;

/** A few thousand lines of a text file. */
export interface LineBatch {
  readonly lines: readonly string[];
  /** Number of the first line in the file, counted from 1. */
  readonly firstNumber: number;
}

/**
 * Reads a UTF-8 text file in batches of lines, so that it may be larger than memory. Line ends may be `\n` or `\r\n`,
 * the last line needs none, a byte order mark is left out.
 * @throws DataError for text that is not UTF-8, and for a line longer than a mebibyte: no list has one
 */
export async function* readLineBatches(file: ByteFile): AsyncGenerator<LineBatch, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let firstNumber = 1;
  let position = 0;
  while (position < file.size) {
    const chunk = await file.read(position, Math.min(chunkBytes, file.size - position));
    const isLast = position + chunk.length === file.size;
    // Cut after a line feed, which is never part of a longer UTF-8 character.
    const end = isLast ? chunk.length : chunk.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      throw new DataError(
        `${file.name}, line ${firstNumber}: is longer than ${chunkBytes} bytes; this is no list.`,
      );
    }
    const lines = decode(decoder, chunk.subarray(0, end), `${file.name}, lines from ${firstNumber} on`).split(
      '\n',
    );
    if (position === 0) lines[0] = (lines[0] as string).replace(/^\uFEFF/, '');
    // The text ends with a line feed, after which no line begins.
    if (lines.at(-1) === '') lines.pop();
    yield { lines: lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)), firstNumber };
    firstNumber += lines.length;
    position += end;
  }
}

/** One line that is not empty, and where it stands. */
export interface NumberedLine {
  readonly text: string;
  /** File and line number, for messages. */
  readonly place: string;
}

/**
 * Reads the lines of a list that is held in memory anyway, without the empty ones.
 * @throws DataError as `readLineBatches`
 */
export async function readLines(file: ByteFile): Promise<NumberedLine[]> {
  const found: NumberedLine[] = [];
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((text, index) => {
      if (text.trim() !== '') found.push({ text, place: `${file.name}, line ${firstNumber + index}` });
    });
  }
  return found;
}

/**
 * A whole number written in decimal digits.
 * @throws DataError naming place, text and range if it is none, or too large
 */
export function parseWhole(
  text: string,
  place: string,
  { minimum = 0, maximum = 2 ** 31 - 1 }: { minimum?: number; maximum?: number } = {},
): number {
  const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new DataError(
    `${place}: '${shorten(text)}' stands where a whole number from ${minimum} to ${maximum} must stand.`,
  );
}

/** Text of a file as it may stand in a message. */
export function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function decode(decoder: TextDecoder, bytes: Uint8Array, place: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DataError(
      `${place}: the bytes are not UTF-8 text; convert the file, or check that it is a list.`,
    );
  }
}
