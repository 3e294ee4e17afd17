import { ConfigError } from '@openset/core';
import type { Batch, ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import type { Verifier } from '@openset/verify';
import type { Output } from '../output.ts';

/** Embeddings of a set of pictures. */
export interface Embeddings {
  /** `[pictures, size]`, row-major, each of unit length. */
  readonly values: Float32Array;
  readonly size: number;
  /** One of them. */
  row(index: number): Float32Array;
}

/** From so many pictures on they are decoded by threads of their own. */
const manyPictures = 256;

/**
 * The embeddings of all pictures of a set, in its order.
 * @param signal aborted to break off
 * @throws DataError for a picture that cannot be read; the reason of the signal
 */
export async function embedPictures(
  verifier: Verifier,
  pictures: ImageSource,
  output: Output,
  signal?: AbortSignal,
): Promise<Embeddings> {
  const [height, width, channels] = verifier.backbone.inputShape;
  if (height === null || width === null || (channels !== 1 && channels !== 3)) {
    throw new ConfigError(
      `The network takes images [${height}, ${width}, ${channels}], which no picture is.`,
    );
  }
  const loader = createLoader(pictures, {
    height,
    width,
    channels,
    batchSize: 32,
    shuffle: false,
    ...(pictures.size < manyPictures ? { workers: 0 } : {}),
  });
  const rows = await verifier.embedBatches(counted(loader, pictures.size, output, signal));
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
  const counter = output.counter('pictures');
  let done = 0;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    yield batch;
    done += batch.indices.length;
    counter.update(done, total);
  }
}
