import { createLoader, type ImageSource, type Loader, type LoaderOptions } from '@openset/data';
import type { Verifier } from '@openset/verify';
import { imageAt, imageSize, joinImages, type LabelledImages, selectImages } from '../image-set.ts';

const size = { height: imageSize, width: imageSize, channels: 1 } as const;

/** Returns a source of images in memory. */
export function imageSource(images: LabelledImages, classNames: readonly string[]): ImageSource {
  return {
    size: images.labels.length,
    classNames,
    labels: images.labels,
    get: async (index) => ({
      bytes: imageAt(images, index),
      raw: size,
      label: images.labels[index]!,
      origin: `image ${index}`,
    }),
    close: async () => {},
  };
}

/** Returns a loader of training batches in random order, with images shifted by up to two pixels. */
export function trainingLoader(
  source: ImageSource,
  options: Pick<LoaderOptions, 'batchSize' | 'start' | 'seed'>,
): Loader {
  return createLoader(source, {
    ...size,
    ...options,
    augment: [{ kind: 'pad-crop', padding: 2 }],
    dropLast: true,
    epochs: Number.POSITIVE_INFINITY,
  });
}

/** Number of images in a pass of the network, with and without training. */
export const batchSize = 64;

/**
 * Returns the embeddings of images, at unit length: one array after the other. Passes always have `batchSize` images, the last one
 * with copies: GPU backends compile their programs for each new shape, which takes longer than the pass.
 */
export async function embedInBatches(verifier: Verifier, images: LabelledImages): Promise<Float32Array> {
  const count = images.labels.length;
  const missing = (batchSize - (count % batchSize)) % batchSize;
  const copies = selectImages(
    images,
    Array.from({ length: missing }, () => 0),
  );
  const source = imageSource(joinImages([images, copies]), []);
  const rows = await verifier.embedBatches(createLoader(source, { ...size, batchSize, shuffle: false }));
  const length = verifier.backbone.embeddingSize;
  const embeddings = new Float32Array(count * length);
  rows.slice(0, count).forEach((row, index) => {
    embeddings.set(row, index * length);
  });
  return embeddings;
}
