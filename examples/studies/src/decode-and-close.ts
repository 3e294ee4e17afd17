import type { ImageSource } from '@openset/data';
import { type DecodeIntoMemoryOptions, decodeIntoMemory } from '@openset/data/node';

/** The set in memory; its files are closed. */
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
