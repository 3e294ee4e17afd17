import { checkNumber, ShapeError } from '@openset/core';
import { checkImage, type PixelImage } from './pixel-image.ts';

/** A region of whole pixels. */
export interface PixelRegion {
  /** First column. */
  readonly left: number;
  /** First row. */
  readonly top: number;
  /** Number of columns. */
  readonly width: number;
  /** Number of rows. */
  readonly height: number;
}

/**
 * Shrinks an image by a whole factor: each pixel of the result is the mean of a block of `block × block` pixels. Blocks at the
 * right and bottom edge that stick out average the pixels inside.
 *
 * @param block an integer of at least 1
 * @param region part of the image to shrink; default: the whole image
 * @returns `[ceil(height / block), ceil(width / block), channels]`, rounded to integers
 * @throws ShapeError if the length of the data does not match the size, or if the region is not inside the image; ConfigError
 *   for a block that is not a positive integer
 */
export function averageBlocks(
  image: PixelImage,
  block: number,
  region: PixelRegion = { left: 0, top: 0, width: image.width, height: image.height },
): PixelImage {
  checkImage(image);
  checkNumber('averageBlocks: block', block, { minimum: 1, integer: true });
  checkRegion(image, region);
  const { channels, data: pixelValues } = image;
  const width = Math.ceil(region.width / block);
  const height = Math.ceil(region.height / block);
  const data = new Uint8Array(width * height * channels);
  const rowLength = image.width * channels;
  let target = 0;
  for (let row = 0; row < height; row++) {
    const rows = Math.min(block, region.height - row * block);
    const start = (region.top + row * block) * rowLength + region.left * channels;
    for (let column = 0; column < width; column++) {
      const pixels = Math.min(block, region.width - column * block);
      const corner = start + column * block * channels;
      const count = rows * pixels;
      if (channels === 3) {
        // Most images; the loop over channels takes several times as long.
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let down = 0; down < rows; down++) {
          const first = corner + down * rowLength;
          const end = first + 3 * pixels;
          for (let source = first; source < end; source += 3) {
            red += pixelValues[source]!;
            green += pixelValues[source + 1]!;
            blue += pixelValues[source + 2]!;
          }
        }
        data[target++] = red / count + 0.5;
        data[target++] = green / count + 0.5;
        data[target++] = blue / count + 0.5;
        continue;
      }
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let down = 0; down < rows; down++) {
          const first = corner + down * rowLength + channel;
          const end = first + channels * pixels;
          for (let source = first; source < end; source += channels) sum += pixelValues[source]!;
        }
        data[target++] = sum / count + 0.5;
      }
    }
  }
  return { data, height, width, channels };
}

function checkRegion(image: PixelImage, { left, top, width, height }: PixelRegion): void {
  const isWhole = [left, top, width, height].every(Number.isInteger);
  const isInside = left >= 0 && top >= 0 && left + width <= image.width && top + height <= image.height;
  if (isWhole && isInside && width > 0 && height > 0) return;
  throw new ShapeError(
    `averageBlocks: the region of ${width} × ${height} pixels at (${left}, ${top}) must lie inside the image of ` +
      `${image.width} × ${image.height} pixels.`,
  );
}
