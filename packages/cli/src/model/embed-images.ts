import { ConfigError } from '@openset/core';
import type { BadRecord, Batch, ImageSource, Loader } from '@openset/data';
import { createLoader } from '@openset/data/node';
import type { Verifier } from '@openset/verify';
import { chooseAlignment } from '../faces/choose-alignment.ts';
import { type CropSource, cropSource } from '../faces/crop-source.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { embedFeatures } from '../features/embed-features.ts';
import { embedWithCache } from '../features/embed-with-cache.ts';
import { FeatureBackbone, withFrozenPart } from '../features/split-network.ts';
import { skipBadImages } from '../images/bad-image.ts';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { watchTurns } from '../images/turned-images.ts';
import { workerOptions } from '../images/worker-options.ts';
import type { Output } from '../output.ts';
import { type Embeddings, joinRows } from './embeddings.ts';

/**
 * Embeds the images of a set, in order; for a `FeatureBackbone`, these are features already. Crops the largest face of each
 * image if `chooseAlignment` says so. Takes the features of a frozen network from the cache, unless it is off.
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
  if (verifier.backbone instanceof FeatureBackbone) {
    return embedFeatures(verifier.backbone, images, verifier.flipSum, signal);
  }
  const split = reading.featureCache === 'off' ? null : withFrozenPart(verifier.backbone);
  if (split) return embedWithCache(verifier, split, images, output, reading, signal);
  const { badRecords, ...embeddings } = await embedReadable(verifier, images, output, reading, signal);
  return { ...embeddings, skipped: skipBadImages(badRecords, images.size, reading) };
}

/** Embeddings of the images of a set that can be used, and the others. */
export interface ReadableImages extends Omit<Embeddings, 'skipped'> {
  readonly badRecords: readonly BadRecord[];
}

/** Embeds the images of a set that can be read, in order, without the cache. Returns the others as bad records. */
export async function embedReadable(
  verifier: Verifier,
  images: ImageSource,
  output: Output,
  reading: ImageReading,
  signal?: AbortSignal,
): Promise<ReadableImages> {
  const size = inputSize(verifier);
  const { source, turns } = watchTurns(images, reading);
  const crops = await cropFaces(source, size, reading, output);
  const loader = crops
    ? loadCrops(crops, size)
    : createLoader(source, {
        ...size,
        ...inOrder,
        ...decodingOptions(reading),
        ...workerOptions(images.size),
      });
  const indices: number[] = [];
  const batches = countBatches(loader, images.size, output, signal, indices);
  const rows = await verifier.embedBatches(batches);
  turns.note(output);
  crops?.noteSeveralFaces(output);
  const { badRecords } = loader;
  return {
    ...joinRows(rows, verifier.backbone.embeddingSize),
    indices: Int32Array.from(indices),
    badRecords,
  };
}

const inOrder = { batchSize: 32, shuffle: false, onBadRecord: 'skip' } as const;

/** Returns a loader of crops, which are raw pixels and need no worker, in order. */
export function loadCrops(crops: ImageSource, size: InputSize): Loader {
  return createLoader(crops, { ...size, ...inOrder, workers: 0 });
}

/** Size of the images that a network takes. */
export interface InputSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/**
 * Returns the size of the images that a verifier takes.
 * @throws ConfigError for a network whose input size is open
 */
export function inputSize({ backbone }: Verifier): InputSize {
  const [height, width, channels] = backbone.inputShape;
  if (height !== null && width !== null && (channels === 1 || channels === 3)) {
    return { height, width, channels };
  }
  throw new ConfigError(
    `The network takes inputs [${height}, ${width}, ${channels}], but needs a fixed size and 1 or 3 channels.`,
  );
}

/** Returns a source of face crops; null if the images are taken whole. */
export async function cropFaces(
  source: ImageSource,
  { height, width }: Pick<InputSize, 'height' | 'width'>,
  reading: ImageReading,
  output: Output,
): Promise<CropSource | null> {
  const crop = await chooseAlignment(source, reading, loadFaceTools, output);
  if (crop === null) return null;
  return cropSource(source, {
    crop,
    size: Math.max(height, width),
    reading,
    tools: await loadFaceTools(),
  });
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
