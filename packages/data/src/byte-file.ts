import { DataError } from '@openset/core';

/** Random access to the bytes of a file on disk, in a `Blob` or in memory. */
export interface ByteFile {
  /** Name of the file in messages. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes, starting at `offset`.
   * @throws DataError if the file ends before
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Closes the file. Call it after the last read. */
  close(): Promise<void>;
}

/** Returns a file in memory; `read` returns views of `bytes`. */
export function bytesFile(name: string, bytes: Uint8Array): ByteFile {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => {
      checkRange(name, bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    close: async () => {},
  };
}

/** Returns a file over a `Blob`, such as a file chosen in a browser; its parts are read on demand. */
export function blobFile(name: string, blob: Blob): ByteFile {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      checkRange(name, blob.size, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    close: async () => {},
  };
}

/**
 * Checks a range of bytes.
 * @throws DataError if the range is not within the file
 */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const isInteger = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (isInteger && offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new DataError(
    `${name}: cannot read bytes ${offset} to ${offset + length} of ${size}; the file is truncated or damaged.`,
  );
}
