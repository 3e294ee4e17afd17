import { totalmem } from 'node:os';
import type { ImageSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import type { RunConfig } from '../config/settings.ts';
import type { Output } from '../output.ts';

/** The size that pictures are brought to. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Pictures to train on. */
export interface TrainingSet {
  readonly source: ImageSource;
  readonly size: PictureSize;
  readonly isInMemory: boolean;
}

/** Share of the machine's memory that pictures may take. */
const memoryShare = 0.25;

/** The pictures that the network of a configuration takes. */
export function pictureSize({ network }: RunConfig): PictureSize {
  const { inputSize, channels } = network;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  return { height, width, channels };
}

/**
 * Decodes a set into memory if there is room, so that epochs cost no decoding.
 * @throws DataError for a picture that cannot be decoded
 */
export async function loadIntoMemory(
  source: ImageSource,
  size: PictureSize,
  output: Output,
): Promise<TrainingSet> {
  const bytes = source.size * size.height * size.width * size.channels;
  if (bytes > memoryShare * totalmem()) return { source, size, isInMemory: false };
  const counter = output.counter('reading pictures');
  const decoded = await decodeIntoMemory(source, {
    ...size,
    onProgress: (done, total) => counter.update(done, total),
  });
  return { source: decoded, size, isInMemory: true };
}
