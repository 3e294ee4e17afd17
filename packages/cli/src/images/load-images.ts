import { totalmem } from 'node:os';
import { ConfigError, type FaceCrop } from '@openset/core';
import type { BadRecord, ImageSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import { counted, gibibytes } from '../evaluation/texts.ts';
import { cropSource } from '../faces/crop-source.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { type FrozenPart, loadFeatures } from '../features/load-features.ts';
import type { Output } from '../output.ts';
import { ContentHashes, hashImages } from './content-hashes.ts';
import { decodingOptions, type ImageReading } from './image-reading.ts';
import { type TurnAccount, watchTurns } from './turned-images.ts';
import { workerOptions } from './worker-options.ts';

/** Size that images are scaled to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** A set of images, in memory if it fits. */
export interface LoadedImages {
  readonly source: ImageSource;
  readonly isInMemory: boolean;
  /** Images that cannot be read. */
  readonly badRecords: readonly BadRecord[];
  readonly hashes: ContentHashes;
  readonly turns: TurnAccount;
}

/** Default shares of the machine's memory, and of what is free of it, for decoded images; the smaller counts. */
const memoryShare = 0.25;
const freeShare = 0.5;

/** Number of images above which none is hashed: hashes take about 200 bytes each, and a Map holds at most 2^24. */
const maximumHashes = 2 ** 22;

/** Options of `loadImages`. */
export interface ImageLoading {
  /** Path of the set, for messages. */
  readonly name: string;
  readonly size: ImageSize;
  /** Limit on the memory for decoded images, in bytes. */
  readonly memory: number;
  readonly config: ImageReading;
  /** How faces are cropped; null if images are taken whole. */
  readonly crop: FaceCrop | null;
  readonly output: Output;
  readonly frozen: FrozenPart | null;
}

/**
 * Returns the memory for decoded images, in bytes.
 * @param gibibytes setting of the run; default: a quarter of the machine's memory, at most half of what is free
 */
export function imageMemory(gibibytes: number | undefined): number {
  if (gibibytes !== undefined) return gibibytes * 2 ** 30;
  // What a container may use, unlike `freemem`.
  return Math.min(memoryShare * totalmem(), freeShare * process.availableMemory());
}

/** Loads the features of a set if the network has a frozen part, otherwise its images. */
export async function loadImages(source: ImageSource, loading: ImageLoading): Promise<LoadedImages> {
  const { frozen, config: reading, crop, output } = loading;
  if (!frozen) return loadIntoMemory(source, loading);
  // Features on disk are as good as in memory: nothing is decoded later.
  return { ...(await loadFeatures(source, frozen, { reading, crop, output })), isInMemory: true };
}

/**
 * Decodes a set into memory if it fits, so that epochs need no decoding. Bad images keep their index. The loader of a larger set
 * keeps a part of it, see `cacheBytes`.
 * @throws ConfigError if faces are cropped and do not fit: every epoch would search them again
 */
async function loadIntoMemory(
  source: ImageSource,
  { name, size, memory, config: reading, crop, output }: ImageLoading,
): Promise<LoadedImages> {
  const bytes = source.size * size.height * size.width * size.channels;
  const counter = output.counter('reading images');
  const { source: hashed, hashes } =
    source.size > maximumHashes ? { source, hashes: new ContentHashes(0) } : hashImages(source);
  const { source: watched, turns } = watchTurns(hashed, reading);
  if (bytes > memory) {
    if (crop) throw tooManyCrops(source, name, { bytes, memory });
    return { source: watched, isInMemory: false, badRecords: [], hashes, turns };
  }
  const side = Math.max(size.height, size.width);
  const crops = crop && cropSource(watched, { crop, size: side, reading, tools: await loadFaceTools() });
  const decoded = await decodeIntoMemory(crops ?? watched, {
    ...size,
    ...decodingOptions(reading),
    ...(crops ? { workers: 0 } : workerOptions(source.size)),
    onBadRecord: 'skip',
    onProgress: (done, total) => counter.update(done, total),
  });
  turns.note(output);
  crops?.noteSeveralFaces(output);
  return { source: decoded, isInMemory: true, badRecords: decoded.badRecords, hashes, turns };
}

function tooManyCrops(
  { size }: ImageSource,
  name: string,
  { bytes, memory }: { readonly bytes: number; readonly memory: number },
): ConfigError {
  return new ConfigError(
    `The faces of ${counted(size, 'image')} in '${name}' need ${gibibytes(bytes)}, more than the ${gibibytes(memory)} that ` +
      `--image-memory allows. Crop them once with 'openset align ${name} --out crops', and train with --data crops.`,
  );
}
