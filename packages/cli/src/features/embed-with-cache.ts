import type { SplitBackbone } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { Verifier } from '@openset/verify';
import { SplitEngine } from '../engine/split-engine.ts';
import { chooseAlignment } from '../faces/choose-alignment.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { skipBadImages } from '../images/bad-image.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { Embeddings } from '../model/embeddings.ts';
import type { Output } from '../output.ts';
import { embedFeatures } from './embed-features.ts';
import { loadFeatures } from './load-features.ts';
import { FeatureBackbone } from './split-network.ts';

/**
 * Embeds the images of a set as `embedImages` does, with the features of the frozen part from the cache.
 * @param split backbone of the verifier
 * @throws like `embedImages`; DataError if the cache cannot be used
 */
export async function embedWithCache(
  { flipSum, engine: own }: Pick<Verifier, 'flipSum' | 'engine'>,
  split: SplitBackbone,
  images: ImageSource,
  output: Output,
  reading: ImageReading,
  signal?: AbortSignal,
): Promise<Embeddings> {
  const crop = await chooseAlignment(images, reading, loadFaceTools, output);
  const variants = flipSum ? 2 : 1;
  const engine = own instanceof SplitEngine ? own.features : null;
  const frozen = { split, variants, engine, signal } as const;
  const { source, badRecords } = await loadFeatures(images, frozen, { reading, crop, output });
  try {
    const skipped = skipBadImages(badRecords, images.size, reading);
    const part = new FeatureBackbone(split, variants);
    return { ...(await embedFeatures(part, source, flipSum, signal)), skipped };
  } finally {
    await source.close();
  }
}
