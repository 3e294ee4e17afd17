import { DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { decodeImage } from '@openset/data/node';
import { BadImagesError, type FailedRecord, listBadImages, toBadImages } from './bad-image.ts';
import { imageName } from './image-name.ts';
import { decodingOptions, type ImageReading } from './image-reading.ts';

/** Facts about a set of images. */
export interface ImageFacts {
  readonly imageCount: number;
  readonly personCount: number;
  /** `[personCount]`: number of images of each person. */
  readonly imagesOfPerson: ArrayLike<number>;
  /** Median of the shorter sides of a sample, in pixels. */
  readonly side: number;
  /** 1 if the sample is grey, otherwise 3. */
  readonly channels: 1 | 3;
}

/** Number of images in the sample. */
const sampleSize = 16;

/**
 * Decodes a sample of a set to find out the size of the images and whether they have colour. Skips images that cannot be
 * read; others replace them if the whole sample is bad.
 * @throws BadImagesError if no image can be read
 */
export async function inspectImages(source: ImageSource, reading: ImageReading): Promise<ImageFacts> {
  const count = Math.min(sampleSize, source.size);
  const sides: number[] = [];
  let channels: 1 | 3 = 1;
  const failures: FailedRecord[] = [];
  const inspect = async (index: number) => {
    try {
      const { bytes, origin } = await source.get(index);
      const { data, height, width } = await decodeImage(bytes, {
        ...decodingOptions(reading),
        fit: 'none',
        origin,
      });
      sides.push(Math.min(height, width));
      if (!isGrey(data)) channels = 3;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      failures.push({ origin: imageName(source, index), reason: error.problem });
    }
  };
  for (let index = 0; index < count; index++) await inspect(Math.floor((index * source.size) / count));
  for (let index = 0; index < source.size && sides.length === 0; index++) await inspect(index);
  if (sides.length === 0) {
    throw new BadImagesError(`No image can be read:\n${listBadImages(toBadImages(failures))}`);
  }
  sides.sort((first, second) => first - second);
  const side = sides[Math.floor(sides.length / 2)]!;
  const personCount = source.classNames.length;
  const imagesOfPerson = new Uint32Array(personCount);
  for (const label of source.labels) if (label >= 0) imagesOfPerson[label]! += 1;
  return { imageCount: source.size, personCount, imagesOfPerson, side, channels };
}

/**
 * Whether red, green and blue are equal in all pixels.
 * @param data `[height, width, 3]`
 */
export function isGrey(data: ArrayLike<number>): boolean {
  for (let index = 0; index < data.length; index += 3) {
    if (data[index] !== data[index + 1] || data[index] !== data[index + 2]) return false;
  }
  return true;
}
