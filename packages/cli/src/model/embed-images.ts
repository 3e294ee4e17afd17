import { ConfigError } from '@openset/core';
import type { Batch, ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import type { Verifier } from '@openset/verify';
import { type BadImage, skipBadImages } from '../images/bad-image.ts';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { watchTurns } from '../images/turned-images.ts';
import { workerOptions } from '../images/worker-options.ts';
import type { Output } from '../output.ts';

/** Embeddings, one a row. */
export interface EmbeddingRows {
  /** `[rows, size]` row-major; each row has unit length. */
  readonly values: Float32Array;
  readonly size: number;
  /** Returns a view of one embedding. */
  row(index: number): Float32Array;
}

/** Embeddings of a set of images. */
export interface Embeddings extends EmbeddingRows {
  /** Index of the image of each row, ascending; bad images have no row. */
  readonly indices: Int32Array;
  /** Images that were skipped. */
  readonly skipped: readonly BadImage[];
}

/**
 * Embeds the images of a set, in order.
 * @param signal aborted to stop
 * @throws BadImagesError for images that cannot be read, all of them, as `skipBadImages`; the reason of the signal if
 *   aborted
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
  const { source, turns } = watchTurns(images, reading);
  const loader = createLoader(source, {
    height,
    width,
    channels,
    batchSize: 32,
    shuffle: false,
    ...decodingOptions(reading),
    ...workerOptions(images.size),
    onBadRecord: 'skip',
  });
  const indices: number[] = [];
  const batches = countBatches(loader, images.size, output, signal, indices);
  const rows = await verifier.embedBatches(batches);
  turns.note(output);
  const skipped = skipBadImages(loader.badRecords, images.size, reading);
  const size = verifier.backbone.embeddingSize;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    values.set(row, index * size);
  });
  return {
    values,
    size,
    indices: Int32Array.from(indices),
    skipped,
    row: (index) => values.subarray(index * size, (index + 1) * size),
  };
}

/** Passes batches on, adds the indices of their images to a list, and reports progress. */
async function* countBatches(
  batches: AsyncIterable<Batch>,
  total: number,
  output: Output,
  signal: AbortSignal | undefined,
  indices: number[],
): AsyncGenerator<Batch> {
  const counter = output.counter('images');
  for await (const batch of batches) {
    signal?.throwIfAborted();
    yield batch;
    indices.push(...batch.indices);
    counter.update(indices.length, total);
  }
  // Bad images are in no batch.
  counter.update(total, total);
}
