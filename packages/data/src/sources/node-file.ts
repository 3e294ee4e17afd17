import { open, readFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { type ByteFile, checkRange } from '../byte-file.ts';

/**
 * Opens a file for random access.
 * @throws DataError with path and reason if it cannot be opened
 */
export async function openFile(path: string): Promise<ByteFile> {
  const handle = await open(path, 'r').catch((error) => throwUnreadable(path, error));
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    throw new DataError(`${path}: is not a file.`);
  }
  const { size } = status;
  return {
    name: path,
    size,
    async read(offset, length) {
      checkRange(path, size, offset, length);
      const bytes = new Uint8Array(length);
      let end = 0;
      while (end < length) {
        const { bytesRead } = await handle.read(bytes, end, length - end, offset + end);
        if (bytesRead === 0) {
          throw new DataError(
            `${path}: ends at byte ${offset + end}; the file was truncated during reading.`,
          );
        }
        end += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/**
 * Reads a whole file.
 * @throws DataError with path and reason if it cannot be read
 */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error) => throwUnreadable(path, error));
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Opens a file for a source that keeps it open; closes the file if `use` fails. */
export async function withFile<T>(path: string, use: (file: ByteFile) => Promise<T>): Promise<T> {
  const file = await openFile(path);
  try {
    return await use(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Like `withFile`, for sources of several files. */
export async function withFiles<T>(
  paths: readonly string[],
  use: (files: readonly ByteFile[]) => Promise<T>,
): Promise<T> {
  const [path, ...others] = paths;
  if (path === undefined) return use([]);
  return withFile(path, (file) => withFiles(others, (files) => use([file, ...files])));
}

/**
 * Opens a file, reads it to the end with a reader such as `readLfwPairs` or `readIjbMedia`, and closes it:
 * `await readFrom('pairs.txt', readLfwPairs)`.
 * @throws DataError if the file cannot be opened; errors of the reader
 */
export async function readFrom<T>(path: string, read: (file: ByteFile) => Promise<T>): Promise<T> {
  return withFile(path, async (file) => {
    const result = await read(file);
    await file.close();
    return result;
  });
}

/**
 * Throws the error for a file or folder that cannot be read.
 * @throws DataError with path and reason
 */
export function throwUnreadable(path: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new DataError(`${path}: cannot be read (${reason}).`, { cause: error });
}
