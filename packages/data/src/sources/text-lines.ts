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
 * Reads a UTF-8 text file, which may be larger than memory, in batches of lines. Lines end with `\n` or `\r\n`, which is
 * optional for the last line. A byte order mark is skipped.
 * @throws DataError for text that is not UTF-8, and for a line longer than a mebibyte
 */
export async function* readLineBatches(file: ByteFile): AsyncGenerator<LineBatch, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let firstNumber = 1;
  let position = 0;
  while (position < file.size) {
    const chunk = await file.read(position, Math.min(chunkBytes, file.size - position));
    const isLast = position + chunk.length === file.size;
    // A batch ends with a line feed, which is never part of a longer UTF-8 character.
    const end = isLast ? chunk.length : chunk.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      throw new DataError(
        `${file.name}, line ${firstNumber}: is longer than ${chunkBytes} bytes; this is not a text list.`,
      );
    }
    const lines = decode(decoder, chunk.subarray(0, end), `${file.name}, lines from ${firstNumber} on`).split(
      '\n',
    );
    if (position === 0) lines[0] = (lines[0] as string).replace(/^\uFEFF/, '');
    // No line begins after the final line feed.
    if (lines.at(-1) === '') lines.pop();
    yield { lines: lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)), firstNumber };
    firstNumber += lines.length;
    position += end;
  }
}

/** A non-empty line and its location. */
export interface NumberedLine {
  readonly text: string;
  /** File and line number, for messages. */
  readonly location: string;
}

/**
 * Reads all non-empty lines of a list that fits in memory.
 * @throws DataError as `readLineBatches`
 */
export async function readLines(file: ByteFile): Promise<NumberedLine[]> {
  const found: NumberedLine[] = [];
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((text, index) => {
      if (text.trim() !== '') found.push({ text, location: `${file.name}, line ${firstNumber + index}` });
    });
  }
  return found;
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

function decode(decoder: TextDecoder, bytes: Uint8Array, location: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DataError(
      `${location}: the bytes are not UTF-8 text; convert the file, or check that it is a text list.`,
    );
  }
}
