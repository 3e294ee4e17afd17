import sharp from 'sharp';
import type { PixelImage } from '../pixel-image.ts';

/** Returns a smooth image with different channels, which JPEG preserves well. */
export function gradient(height: number, width: number, channels = 3): PixelImage {
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const values = [(255 * x) / Math.max(1, width - 1), (255 * y) / Math.max(1, height - 1), 60, 255];
      for (let channel = 0; channel < channels; channel++) {
        data[(y * width + x) * channels + channel] = values[channel]!;
      }
    }
  }
  return { data, height, width, channels };
}

/** Returns the image as a sharp pipeline. */
export function asSharp({ data, height, width, channels }: PixelImage): sharp.Sharp {
  return sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } });
}

/** Encodes the image as JPEG of high quality. */
export async function asJpeg(image: PixelImage): Promise<Uint8Array> {
  return new Uint8Array(await asSharp(image).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer());
}

/** Encodes the image as PNG, without loss. */
export async function asPng(image: PixelImage): Promise<Uint8Array> {
  return new Uint8Array(await asSharp(image).png().toBuffer());
}

/** Returns the largest absolute difference between two arrays; infinity if their lengths differ. */
export function largestDifference(first: ArrayLike<number>, second: ArrayLike<number>): number {
  if (first.length !== second.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let index = 0; index < first.length; index++) {
    largest = Math.max(largest, Math.abs(first[index]! - second[index]!));
  }
  return largest;
}
