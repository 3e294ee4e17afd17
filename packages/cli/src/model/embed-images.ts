import { ConfigError } from '@openset/core';
import type { Batch, ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import type { Verifier } from '@openset/verify';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { watchTurns } from '../images/turned-images.ts';
import { workerOptions } from '../images/worker-options.ts';
import type { Output } from '../output.ts';

/** Embeddings of a set of images. */
export interface Embeddings {
  /** `[images, size]` row-major; each row has unit length. */
  readonly values: Float32Array;
  readonly size: number;
  /** Returns a view of one embedding. */
  row(index: number): Float32Array;
}

/**
 * Embeds all images of a set, in order.
 * @param signal aborted to stop
 * @throws DataError for an image that cannot be read; the reason of the signal if aborted
 */
export async function embedImages(
  verifier: Verifier,
  images: ImageSource,
  output: Output,
  reading: ImageReading,
  signal?: AbortSignal,
): Promise<Embeddings> {
  const [height, width, channels] = verifier.backbone.inputShape;
  if (height === null || width === null || (channels !== 1 && channels !== 3)) {
    throw new ConfigError(
      `The network takes inputs [${height}, ${width}, ${channels}], but needs a fixed size and 1 or 3 channels.`,
    );
  }
  const turns = watchTurns(images, reading);
  const loader = createLoader(turns.source, {
    height,
    width,
    channels,
    batchSize: 32,
    shuffle: false,
    ...decodingOptions(reading),
    ...workerOptions(images.size),
  });
  const rows = await verifier.embedBatches(countBatches(loader, images.size, output, signal));
  const turned = turns.notice();
  if (turned) output.note(turned);
  const size = verifier.backbone.embeddingSize;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    values.set(row, index * size);
  });
  return { values, size, row: (index) => values.subarray(index * size, (index + 1) * size) };
}

/** Passes batches on and reports progress. */
async function* countBatches(
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
