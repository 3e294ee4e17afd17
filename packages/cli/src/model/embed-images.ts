import { ConfigError } from '@openset/core';
import type { Batch, ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import type { Verifier } from '@openset/verify';
import type { Output } from '../output.ts';

/** Embeddings of a set of images. */
export interface Embeddings {
  /** `[images, size]`, row-major, each of unit length. */
  readonly values: Float32Array;
  readonly size: number;
  /** One of them. */
  row(index: number): Float32Array;
}

/** From so many images on they are decoded by threads of their own. */
const manyImages = 256;

/**
 * The embeddings of all images of a set, in its order.
 * @param signal aborted to break off
 * @throws DataError for an image that cannot be read; the reason of the signal
 */
export async function embedImages(
  verifier: Verifier,
  images: ImageSource,
  output: Output,
  signal?: AbortSignal,
): Promise<Embeddings> {
  const [height, width, channels] = verifier.backbone.inputShape;
  if (height === null || width === null || (channels !== 1 && channels !== 3)) {
    throw new ConfigError(`The network takes images [${height}, ${width}, ${channels}], which no image is.`);
  }
  const loader = createLoader(images, {
    height,
    width,
    channels,
    batchSize: 32,
    shuffle: false,
    ...(images.size < manyImages ? { workers: 0 } : {}),
  });
  const rows = await verifier.embedBatches(counted(loader, images.size, output, signal));
  const size = verifier.backbone.embeddingSize;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    values.set(row, index * size);
  });
  return { values, size, row: (index) => values.subarray(index * size, (index + 1) * size) };
}

async function* counted(
  batches: AsyncIterable<Batch>,
  total: number,
  output: Output,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  const counter = output.counter('images');
  let done = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    yield batch;
    done += batch.indices.length;
    counter.update(done, total);
  }
}
