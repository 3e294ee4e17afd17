import { checkNumber } from '@openset/core';
import { createImageLike, type PixelImage } from './pixel-image.ts';

/** A region of an image, in pixels; its edges may lie within a pixel. */
interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes an image: bilinear when it enlarges; when it shrinks, a triangle filter widened by the scale factor, which
 * prevents aliasing. Pillow's `BILINEAR` and libvips' `linear` kernel do the same.
 *
 * @param options `fit`: `'fill'` stretches; `'cover'` (default) keeps the aspect ratio and crops both sides equally
 * @returns `[height, width, channels]`
 * @throws ConfigError for a size that is not a positive integer
 */
export function resizeImage(
  image: PixelImage,
  options: { readonly height: number; readonly width: number; readonly fit?: 'cover' | 'fill' },
): PixelImage {
  const { height, width, fit = 'cover' } = options;
  checkNumber('resizeImage: height', height, { minimum: 1, integer: true });
  checkNumber('resizeImage: width', width, { minimum: 1, integer: true });
  if (image.height === height && image.width === width) return image;
  const whole = { top: 0, left: 0, height: image.height, width: image.width };
  const region = fit === 'fill' ? whole : centredCrop(image, height, width);
  const columns = filterWeights(image.width, region.left, region.width, width);
  const rows = filterWeights(image.height, region.top, region.height, height);
  const { channels } = image;

  // Horizontally first, for the needed rows only, then vertically. Both passes in floating point, rounded once.
  const between = new Float32Array(image.height * width * channels);
  const firstRow = rows.starts[0]!;
  const lastRow = rows.starts[height - 1]! + rows.counts[height - 1]!;
  for (let y = firstRow; y < lastRow; y++) {
    for (let x = 0; x < width; x++) {
      const start = columns.starts[x]!;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < columns.counts[x]!; tap++) {
          const value = image.data[(y * image.width + start + tap) * channels + channel]!;
          sum += columns.weights[x * columns.taps + tap]! * value;
        }
        between[(y * width + x) * channels + channel] = sum;
      }
    }
  }
  const output = createImageLike(image, { height, width });
  const rowLength = width * channels;
  for (let y = 0; y < height; y++) {
    const start = rows.starts[y]!;
    for (let index = 0; index < rowLength; index++) {
      let sum = 0.5;
      for (let tap = 0; tap < rows.counts[y]!; tap++) {
        sum += rows.weights[y * rows.taps + tap]! * between[(start + tap) * rowLength + index]!;
      }
      output.data[y * rowLength + index] = Math.min(255, sum);
    }
  }
  return output;
}

/** Returns the largest centred region with the aspect ratio of the output. */
function centredCrop(image: PixelImage, height: number, width: number): Region {
  const scale = Math.min(image.height / height, image.width / width);
  const region = { height: height * scale, width: width * scale };
  return { top: (image.height - region.height) / 2, left: (image.width - region.width) / 2, ...region };
}

/** Returns, for each output position, the first input position, the number of input positions and their weights. */
function filterWeights(size: number, offset: number, length: number, outputs: number) {
  const scale = length / outputs;
  const support = Math.max(1, scale);
  const taps = Math.ceil(2 * support) + 1;
  const starts = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  const weights = new Float32Array(outputs * taps);
  for (let output = 0; output < outputs; output++) {
    const center = offset + (output + 0.5) * scale;
    // Rounding errors must not leave an output without a pixel.
    const start = Math.min(size - 1, Math.max(0, Math.floor(center - support + 0.5)));
    const end = Math.max(start + 1, Math.min(size, Math.floor(center + support + 0.5)));
    let total = 0;
    for (let tap = 0; tap < end - start; tap++) {
      const weight = Math.max(0, 1 - Math.abs(start + tap + 0.5 - center) / support);
      weights[output * taps + tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < end - start; tap++) weights[output * taps + tap]! /= total;
    starts[output] = start;
    counts[output] = end - start;
  }
  return { starts, counts, weights, taps };
}
