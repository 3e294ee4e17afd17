import type { ImageSource } from '@openset/data';
import { type ImageBatch, Verifier } from '@openset/verify';
import type { Embeddings } from '../model/embed-images.ts';
import type { FeatureSource } from './feature-source.ts';
import { readFeatures } from './feature-source.ts';
import type { FeatureBackbone } from './split-network.ts';

/** Number of images that are embedded in one pass. */
const batchSize = 256;

/** Options of `embedFeatures`. */
export interface EmbedFeaturesOptions extends Pick<FeatureSource, 'featureSize' | 'variants'> {
  /** Whether to add the embedding of the mirror image; needs two variants. */
  readonly flipSum: boolean;
  /** Aborted to stop. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Embeds a set from its features, in order: returns what `embedImages` returns for the images, without the frozen part.
 * @param source features, also a subset of a `FeatureSource`; images without features are skipped
 * @throws DataError if an embedding has no direction; the reason of the signal if aborted
 */
export async function embedFeatures(
  backbone: FeatureBackbone,
  source: Pick<ImageSource, 'size' | 'get'>,
  options: EmbedFeaturesOptions,
): Promise<Embeddings> {
  const { flipSum } = options;
  const verifier = new Verifier({ backbone, flipSum, batchSize, threshold: 0 });
  const indices: number[] = [];
  const rows = await verifier.embedBatches(featureBatches(source, options, indices));
  const size = backbone.embeddingSize;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    values.set(row, index * size);
  });
  return {
    values,
    size,
    indices: Int32Array.from(indices),
    skipped: [],
    row: (index) => values.subarray(index * size, (index + 1) * size),
  };
}

/** Returns batches of features `[batch, 1, variants, size]`, and adds the indices of their images to a list. */
async function* featureBatches(
  source: Pick<ImageSource, 'size' | 'get'>,
  { featureSize, variants, signal }: EmbedFeaturesOptions,
  indices: number[],
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
