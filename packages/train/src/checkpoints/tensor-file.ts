import { decodeSafetensorsHeader, type SafetensorsPlace, safetensorsHeaderEnd } from '@openset/core';
import type { DurableFiles } from './durable-files.ts';

/** A safetensors file whose tensors can be read in parts. */
export interface TensorFile {
  readonly tensors: readonly SafetensorsPlace[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Fills `target` with the bytes of the file from `begin` on. */
  read(begin: number, target: Uint8Array): Promise<void>;
}

/** Returns a file that is in memory. @throws DataError if it is damaged */
export function memoryFile(bytes: Uint8Array): TensorFile {
  return {
    ...decodeSafetensorsHeader(bytes, bytes.length),
    read: async (begin, target) => target.set(bytes.subarray(begin, begin + target.length)),
  };
}

/** Opens a file on disk. @throws DataError if it is damaged, and what the disk throws */
export async function openTensorFile(path: string, disk: DurableFiles): Promise<TensorFile> {
  const fileBytes = await disk.size(path);
  const start = new Uint8Array(Math.min(8, fileBytes));
  await disk.readInto(path, 0, start);
  const header = new Uint8Array(safetensorsHeaderEnd(start, fileBytes));
  await disk.readInto(path, 0, header);
  return {
    ...decodeSafetensorsHeader(header, fileBytes),
    read: (begin, target) => disk.readInto(path, begin, target),
  };
}
