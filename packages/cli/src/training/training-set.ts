import { totalmem } from 'node:os';
import type { ImageSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import type { RunConfig } from '../config/settings.ts';
import type { Output } from '../output.ts';

/** The size that images are brought to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Images to train on. */
export interface TrainingSet {
  readonly source: ImageSource;
  readonly size: ImageSize;
  readonly isInMemory: boolean;
}

/** Share of the machine's memory that images may take. */
const memoryShare = 0.25;

/** The images that the network of a configuration takes. */
export function networkImageSize({ network }: RunConfig): ImageSize {
  const { inputSize, channels } = network;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  return { height, width, channels };
}

/**
 * Decodes a set into memory if there is room, so that epochs cost no decoding.
 * @throws DataError for an image that cannot be decoded
 */
export async function loadIntoMemory(
  source: ImageSource,
  size: ImageSize,
  output: Output,
): Promise<TrainingSet> {
  const bytes = source.size * size.height * size.width * size.channels;
  if (bytes > memoryShare * totalmem()) return { source, size, isInMemory: false };
  const counter = output.counter('reading images');
  const decoded = await decodeIntoMemory(source, {
    ...size,
    onProgress: (done, total) => counter.update(done, total),
  });
  return { source: decoded, size, isInMemory: true };
}
