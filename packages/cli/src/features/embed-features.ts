import type { ImageSource } from '@openset/data';
import { type ImageBatch, Verifier } from '@openset/verify';
import { type Embeddings, joinRows } from '../model/embeddings.ts';
import { readFeatures } from './feature-source.ts';
import type { FeatureBackbone } from './split-network.ts';

/** Number of images that are embedded in one pass. */
const batchSize = 256;

/**
 * Embeds a set from its features, in order: returns what `embedImages` returns for the images, without the frozen part.
 * @param source features, also a subset of a `FeatureSource`; images without features are skipped
 * @param flipSum whether to add the embedding of the mirror image, if its features are there
 * @throws DataError if an embedding has no direction; the reason of the signal if aborted
 */
export async function embedFeatures(
  backbone: FeatureBackbone,
  source: Pick<ImageSource, 'size' | 'get'>,
  flipSum: boolean,
  signal?: AbortSignal,
): Promise<Embeddings> {
  const verifier = new Verifier({ backbone, flipSum, batchSize, threshold: 0 });
  const indices: number[] = [];
  const rows = await verifier.embedBatches(featureBatches(source, backbone, indices, signal));
  const joined = joinRows(rows, backbone.embeddingSize);
  return { ...joined, indices: Int32Array.from(indices), skipped: [] };
}

/** Returns batches of features `[batch, 1, variants, size]`, and adds the indices of their images to a list. */
async function* featureBatches(
  source: Pick<ImageSource, 'size' | 'get'>,
  { inputShape: [, variants, featureSize] }: Pick<FeatureBackbone, 'inputShape'>,
  indices: number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<ImageBatch> {
  for (let start = 0; start < source.size; start += batchSize) {
    signal?.throwIfAborted();
    const found: Float32Array[] = [];
    for (let index = start; index < Math.min(start + batchSize, source.size); index++) {
      const record = await source.get(index).catch(() => null);
      if (!record) continue;
      indices.push(index);
      found.push(readFeatures(record));
    }
    if (found.length === 0) continue;
    const images = new Float32Array(found.length * variants * featureSize);
    found.forEach((features, place) => {
      images.set(features, place * variants * featureSize);
    });
    yield { images, shape: [found.length, 1, variants, featureSize] };
  }
}
