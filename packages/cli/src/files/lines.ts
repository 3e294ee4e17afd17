import { randomUUID } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { DataError, OpenSetError } from '@openset/core';
import { describeFileError } from './file-error.ts';

/**
 * Writes lines to a file atomically, one at a time: after a failure, the path has the old content and no other file is left.
 * @throws DataError if the file cannot be written; what the iteration throws
 */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await writeFile(file, withLineFeeds(lines));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof OpenSetError) throw error;
    const reason = describeFileError(error) ?? (error as Error).message;
    throw new DataError(`'${path}' cannot be written: ${reason}.`, { cause: error });
  }
}

/** Yields lines with the line feeds after them. */
export async function* withLineFeeds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

/**
 * Splits bytes of UTF-8 into lines at line feeds only: JSON text may hold other line separators of Unicode.
 * @throws DataError for bytes that are not UTF-8
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: string[] = [];
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      throw new DataError('The file is not UTF-8 text.', { cause: error });
    }
  };
  for await (const chunk of chunks) {
    const [first, ...others] = decode(chunk).split('\n');
    parts.push(first!);
    for (const next of others) {
      yield parts.join('');
      parts = [next];
    }
  }
  const last = parts.join('') + decode();
  if (last !== '') yield last;
}
