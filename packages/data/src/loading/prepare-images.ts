import { DataError } from '@openset/core';
import { type Augmentation, augmentImage } from '../images/augment-image.ts';
import { defaultFlipProbability } from '../images/augmentations.ts';
import { fitImage, type ImageDecoder, type ResolvedDecodeOptions } from '../images/decode-options.ts';
import type { PixelImage } from '../images/pixel-image.ts';
import type { ImageRecord } from '../source.ts';
import { type ChannelScaling, writeScaled } from './scaling.ts';
import { randomFor } from './seeds.ts';

/** What is done with every image, as plain data. */
export interface Recipe {
  /** Height and width are set; the origin is that of each image. */
  readonly decode: ResolvedDecodeOptions & { readonly height: number; readonly width: number };
  readonly augment: readonly Augmentation[];
  readonly scaling: ChannelScaling;
  readonly seed: number;
}

/** One image to prepare. */
export interface ImageItem {
  readonly record: Pick<ImageRecord, 'bytes' | 'raw' | 'origin'>;
  readonly epoch: number;
  /** Its place in the epoch; epoch and place decide what augmentation does. */
  readonly position: number;
}

/** An image that could not be prepared. */
export interface ImageFailure {
  /** Its place among the images of the call. */
  readonly slot: number;
  /** With the origin. */
  readonly reason: string;
}

/**
 * Decodes, augments and scales images.
 *
 * @param items null for images that are not there: their slots are passed over
 * @param target `[items, height, width, channels]`, written; the part of a failed image is left as it was
 * @param concurrency how many images are decoded at the same time
 * @returns the images that are damaged; other errors are thrown
 */
export async function prepareImages(
  items: readonly (ImageItem | null)[],
  target: Float32Array,
  recipe: Recipe,
  decode: ImageDecoder,
  concurrency: number,
): Promise<ImageFailure[]> {
  const failures: ImageFailure[] = [];
  const length = recipe.decode.height * recipe.decode.width * recipe.decode.channels;
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const slot = next++;
      const item = items[slot];
      if (!item) continue;
      try {
        const part = target.subarray(slot * length, (slot + 1) * length);
        await prepareImage(item, part, recipe, decode);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        failures.push({ slot, reason: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return failures.sort((first, second) => first.slot - second.slot);
}

async function prepareImage(
  { record, epoch, position }: ImageItem,
  target: Float32Array,
  { decode: size, augment, scaling, seed }: Recipe,
  decode: ImageDecoder,
): Promise<void> {
  const options = { ...size, origin: record.origin };
  const image = record.raw ? fitImage(rawImage(record), options) : await decode(record.bytes, options);
  const random = randomFor(seed, epoch, position);
  // A flip at the end, as most sets are trained with, is done while the pixels are scaled.
  const last = augment.at(-1);
  if (last?.kind !== 'horizontal-flip') {
    writeScaled(augmentImage(image, augment, random), scaling, target);
    return;
  }
  const augmented = augmentImage(image, augment.slice(0, -1), random);
  writeScaled(augmented, scaling, target, random() < (last.probability ?? defaultFlipProbability));
}

function rawImage({ bytes, raw, origin }: ImageItem['record']): PixelImage {
  const { height = 0, width = 0, channels = 0 } = raw ?? {};
  if (height * width * channels === bytes.length && bytes.length > 0) {
    return { data: bytes, height, width, channels };
  }
  throw new DataError(
    `${origin}: raw pixels of [${height}, ${width}, ${channels}] cannot have ${bytes.length} bytes.`,
  );
}
