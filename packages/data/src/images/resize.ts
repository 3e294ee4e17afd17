import { checkNumber } from '@openset/core';
import { imageLike, type PixelImage } from './pixel-image.ts';

/** The part of an image that is resized, in pixels; may begin and end within a pixel. */
interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes an image: bilinear when it grows, and when it shrinks the triangle filter widened by the factor, so that
 * nothing aliases (what Pillow's `BILINEAR` and libvips' `linear` kernel do).
 *
 * @param options `fit`: `'fill'` stretches; `'cover'` keeps the proportions and cuts off what is too much, the same
 *   on both sides
 * @returns an image of `[height, width, channels]`
 * @throws ConfigError for a size that is not a positive whole number
 */
export function resizeImage(
  image: PixelImage,
  options: { readonly height: number; readonly width: number; readonly fit?: 'cover' | 'fill' },
): PixelImage {
  const { height, width, fit = 'cover' } = options;
  checkNumber('resizeImage: height', height, { minimum: 1, integer: true });
  checkNumber('resizeImage: width', width, { minimum: 1, integer: true });
  if (image.height === height && image.width === width) return image;
  const region = fit === 'fill' ? { top: 0, left: 0, ...sizeOf(image) } : covering(image, height, width);
  const columns = weightsOf(image.width, region.left, region.width, width);
  const rows = weightsOf(image.height, region.top, region.height, height);
  const { channels } = image;

  // Across first, only the rows that are needed, then down. Both steps in floating point, rounded once.
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
  const output = imageLike(image, { height, width });
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

function sizeOf({ height, width }: PixelImage): { height: number; width: number } {
  return { height, width };
}

/** The largest centred region with the proportions of the output. */
function covering(image: PixelImage, height: number, width: number): Region {
  const scale = Math.min(image.height / height, image.width / width);
  const region = { height: height * scale, width: width * scale };
  return { top: (image.height - region.height) / 2, left: (image.width - region.width) / 2, ...region };
}

/** For each place of the output: which places of the input it is made of, and how much of each. */
function weightsOf(size: number, offset: number, length: number, outputs: number) {
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
