import { DataError, type ErrorAdvice } from '@openset/core';
import { type Augmentation, augmentImage } from '../images/augment-image.ts';
import { defaultFlipProbability } from '../images/augmentations.ts';
import { fitImage, type ImageDecoder, type ResolvedDecodeOptions } from '../images/decode-options.ts';
import type { PixelImage } from '../images/pixel-image.ts';
import type { ImageRecord } from '../source.ts';
import { type ChannelScaling, writeScaled } from './scaling.ts';
import { randomFor } from './seeds.ts';

/** Preparation of an image as plain data: decoding, augmentation and scaling. */
export interface Recipe {
  /** Decode options with height and width; the origin is replaced by that of each image. */
  readonly decode: ResolvedDecodeOptions & { readonly height: number; readonly width: number };
  readonly augment: readonly Augmentation[];
  readonly scaling: ChannelScaling;
  readonly seed: number;
}

/** One image to prepare. */
export interface ImageItem {
  readonly record: Pick<ImageRecord, 'bytes' | 'raw' | 'origin'>;
  readonly epoch: number;
  /** Position in the epoch; epoch and position determine the augmentation. */
  readonly position: number;
  /** Memory that takes the decoded pixels, `[height, width, channels]`, before augmentation; missing if nothing keeps them. */
  readonly keep?: Uint8Array;
}

/** An image that could not be prepared. */
export interface ImageFailure {
  /** Index among the images of the call. */
  readonly slot: number;
  /** Message, including the origin. */
  readonly reason: string;
  /** What to do about it, if an option may help. */
  readonly advice?: ErrorAdvice;
}

/**
 * Decodes, augments and scales images.
 *
 * @param items null for missing images, whose slots are skipped
 * @param target `[items, height, width, channels]`, output; the slot of a failed image is unchanged
 * @param concurrency number of images decoded at the same time
 * @returns the damaged images; other errors are thrown
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
        failures.push({ slot, ...describeFailure(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return failures.sort((first, second) => first.slot - second.slot);
}

/** Returns the reason and the advice of an error that belongs to one record. */
export function describeFailure({ problem, advice }: DataError): Pick<ImageFailure, 'reason' | 'advice'> {
  return advice ? { reason: problem, advice } : { reason: problem };
}

async function prepareImage(
  { record, epoch, position, keep }: ImageItem,
  target: Float32Array,
  { decode: size, augment, scaling, seed }: Recipe,
  decode: ImageDecoder,
): Promise<void> {
  const options = { ...size, origin: record.origin };
  const image = record.raw ? fitImage(rawImage(record), options) : await decode(record.bytes, options);
  keep?.set(image.data);
  const random = randomFor(seed, epoch, position);
  // `writeScaled` does the last flip, the only augmentation of most runs, at no extra cost.
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
    `${origin}: found ${bytes.length} bytes of raw pixels, expected [${height}, ${width}, ${channels}].`,
  );
}
