import { readImageHeader } from '@openset/data';
import type { ImageProblem } from '@openset/server';
import { count } from '../evaluation/texts.ts';

/** Why an image is refused. */
export interface Refusal {
  readonly refused: ImageProblem;
  /** Sentences for the user, without data of the image. */
  readonly problem: string;
}

/**
 * Checks the header of an image before anything is decoded.
 * @param pixels largest number of pixels
 * @returns null if the image may be decoded
 */
export function checkImage(bytes: Uint8Array, pixels: number): Refusal | null {
  const header = readImageHeader(bytes);
  if (header === null) {
    return {
      refused: 'not-an-image',
      problem:
        'The file is no JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP image, or its header is damaged. Send a photo in one of these formats.',
    };
  }
  const { format, height, width } = header;
  if (format === 'heic') {
    return {
      refused: 'not-an-image',
      problem: 'The file is a HEIC image, whose HEVC data cannot be decoded. Convert it to JPEG.',
    };
  }
  if (height * width > pixels) return tooManyPixels(`${count(width)} × ${count(height)} pixels`, pixels);
  return null;
}

/** Returns the refusal of an image that is too large. */
export function tooManyPixels(found: string, pixels: number): Refusal {
  return {
    refused: 'too-many-pixels',
    problem: `The image has ${found}, more than the limit of ${count(pixels)}. Send a smaller one.`,
  };
}
