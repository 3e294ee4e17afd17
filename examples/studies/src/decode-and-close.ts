import type { ImageSource } from '@openset/data';
import { type DecodeIntoMemoryOptions, decodeIntoMemory } from '@openset/data/node';

/** Decodes a set into memory and closes its files. */
export async function decodeAndClose(
  source: ImageSource,
  options: DecodeIntoMemoryOptions,
): Promise<ImageSource> {
  try {
    return await decodeIntoMemory(source, options);
  } finally {
    await source.close();
  }
}
