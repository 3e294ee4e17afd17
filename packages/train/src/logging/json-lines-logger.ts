import { type FileHandle, mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError, checkNumber } from '@openset/core';
import type { Logger } from './logger.ts';

/** Options of `jsonLinesLogger`. */
export interface JsonLinesOptions {
  /** Steps between two step lines; default 1. All other events are always written. */
  readonly everySteps?: number;
}

/** Beginning of each line. */
const lineStart = '{"time":"';

/**
 * Returns a logger that appends each event as a line of JSON, with its `time` (ISO 8601). A resumed run first removes the
 * lines after its checkpoint and a truncated last line. A new run clears the file.
 * @param path the file; created with its folder if missing
 * @throws ConfigError if `everySteps` is not a whole number of at least 1; at the first event, ConfigError if the file is
 *   not a log of this logger, which leaves it unchanged, and what the file system throws
 */
export function jsonLinesLogger(path: string, options: JsonLinesOptions = {}): Logger {
  const { everySteps = 1 } = options;
  checkNumber('jsonLinesLogger: everySteps', everySteps, { minimum: 1, integer: true });
  let file: FileHandle | undefined;
  return {
    async log(event) {
      if (event.kind === 'start') {
        await mkdir(dirname(path), { recursive: true });
        const text = await readFile(path, 'utf8').catch(emptyIfMissing);
        if (!text.startsWith(lineStart) && !lineStart.startsWith(text)) {
          throw new ConfigError(
            `'${path}' is not a log of this logger. Choose another path, or move the file away.`,
          );
        }
        // By path: Windows cannot truncate a file that is open for appending.
        if (text !== '') await truncate(path, byteLengthUpTo(text, event.step));
        file = await open(path, 'a');
      }
      if (event.kind === 'step' && event.step % everySteps !== 0) return;
      await file?.appendFile(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
      if (event.kind === 'checkpoint') await file?.sync();
    },
    async close() {
      await file?.sync();
      await file?.close();
      file = undefined;
    },
  };
}

function emptyIfMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

/** Returns the byte length of the leading complete lines up to and including a step. */
function byteLengthUpTo(text: string, step: number): number {
  let length = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    if (!(readStep(line) <= step)) break;
    length += Buffer.byteLength(line) + 1;
  }
  return length;
}

/** Returns the step of a line; NaN if the line is not one of this logger. */
function readStep(line: string): number {
  try {
    return Number((JSON.parse(line) as { step?: unknown }).step);
  } catch {
    return Number.NaN;
  }
}
