import type { PixelImage } from './pixel-image.ts';

/** A region of whole pixels. */
export interface PixelRegion {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Shrinks a region of an image by a whole factor: each pixel of the result is the mean of a block of `block × block` pixels.
 * Blocks at the right and bottom edge that stick out of the region average the pixels inside it.
 *
 * @param region lies inside the image
 * @param block an integer of at least 1
 * @returns `[ceil(height / block), ceil(width / block), channels]`, rounded to integers
 */
export function averageBlocks(image: PixelImage, region: PixelRegion, block: number): PixelImage {
  const { channels } = image;
  const width = Math.ceil(region.width / block);
  const height = Math.ceil(region.height / block);
  const data = new Uint8Array(width * height * channels);
  const sums = new Uint32Array(width * channels);
  for (let row = 0; row < height; row++) {
    sums.fill(0);
    const top = row * block;
    const bottom = Math.min(region.height, top + block);
    for (let y = top; y < bottom; y++) {
      let source = ((region.top + y) * image.width + region.left) * channels;
      for (let column = 0; column < width; column++) {
        const pixels = Math.min(block, region.width - column * block);
        const target = column * channels;
        for (let pixel = 0; pixel < pixels; pixel++) {
          for (let channel = 0; channel < channels; channel++)
            sums[target + channel]! += image.data[source++]!;
        }
      }
    }
    for (let column = 0; column < width; column++) {
      const count = (bottom - top) * Math.min(block, region.width - column * block);
      for (let channel = 0; channel < channels; channel++) {
        const index = column * channels + channel;
        data[row * width * channels + index] = sums[index]! / count + 0.5;
      }
    }
  }
  return { data, height, width, channels };
}
