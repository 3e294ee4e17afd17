import { type FileHandle, mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError, checkNumber } from '@openset/core';
import type { Logger } from './logger.ts';

/** Options of `jsonLinesLogger`. */
export interface JsonLinesOptions {
  /** Writes every so many steps; default 1. Other events are written always. */
  readonly everySteps?: number;
}

/** How each line begins. */
const lineStart = '{"time":"';

/**
 * Writes each event as a line of JSON, with the `time` (ISO 8601). Lines are appended whole; what a killed process left
 * behind the step from which a run goes on, and a line that is cut off, is removed when it starts. A run that begins anew
 * begins the file anew.
 * @param path the file; it and its folder are made if they do not exist
 * @throws ConfigError if `everySteps` is not a whole number of at least 1; later ConfigError for a file that is none of
 *   this logger's, which is left as it is, and whatever the file system throws
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
          throw new ConfigError(`'${path}' is no log of this logger: choose another file, or move it away.`);
        }
        // By its path: Windows truncates no file that is open for appending.
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

/** Bytes of the whole lines at the beginning of a text that belong to a step, or to one before it. */
function byteLengthUpTo(text: string, step: number): number {
  let length = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    if (!(readStep(line) <= step)) break;
    length += Buffer.byteLength(line) + 1;
  }
  return length;
}

/** NaN for a line that is none of this logger's. */
function readStep(line: string): number {
  try {
    return Number((JSON.parse(line) as { step?: unknown }).step);
  } catch {
    return Number.NaN;
  }
}
