import { DataError } from '@openset/core';

/** Random access to the bytes of a file, wherever it lies: a disk, a `Blob`, memory. */
export interface ByteFile {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset` on.
   * @throws DataError if the file ends before
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file in memory. */
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

/** A file chosen in a browser, read in parts as they are needed. */
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

/** @throws DataError if the range does not lie in the file */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new DataError(
    `${name}: bytes ${offset} to ${offset + length} were asked for, but it has ${size}: it is cut off or damaged.`,
  );
}
