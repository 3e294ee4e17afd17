import { checkNumber } from '@openset/core';
import { createImageLike, type PixelImage } from './pixel-image.ts';

/** A generator of numbers in [0, 1), such as core's `randomNumbers(seed)`. */
export type Random = () => number;

/** Default probability of `randomHorizontalFlip`. */
export const defaultFlipProbability = 0.5;

type Values = Uint8Array | Float32Array;

/**
 * Mirrors an image left to right with a given probability. Draws one number.
 * @param options `probability`, default 0.5
 * @returns a new image, or `image` itself if it was not mirrored
 */
export function randomHorizontalFlip<V extends Values>(
  image: PixelImage<V>,
  random: Random,
  { probability = defaultFlipProbability }: { readonly probability?: number } = {},
): PixelImage<V> {
  checkNumber('randomHorizontalFlip: probability', probability, { minimum: 0, maximum: 1 });
  return random() < probability ? horizontalFlip(image) : image;
}

/** Mirrors an image left to right. */
export function horizontalFlip<V extends Values>(image: PixelImage<V>): PixelImage<V> {
  const { data, height, width, channels } = image;
  const output = createImageLike(image);
  const target = output.data;
  const rowLength = width * channels;
  for (let row = 0; row < height * rowLength; row += rowLength) {
    for (let left = row, right = row + rowLength - channels; left < row + rowLength; right -= channels) {
      for (let channel = 0; channel < channels; channel++) target[left++] = data[right + channel]!;
    }
  }
  return output;
}

/**
 * Pads an image on all sides and takes a random crop of the original size, which shifts it by up to `padding` pixels.
 * Draws two numbers.
 * @param options `padding` in pixels; `fill`: the value of the border, default 0
 */
export function randomPadCrop<V extends Values>(
  image: PixelImage<V>,
  random: Random,
  { padding, fill = 0 }: { readonly padding: number; readonly fill?: number },
): PixelImage<V> {
  checkNumber('randomPadCrop: padding', padding, { minimum: 0, integer: true });
  const { data, height, width, channels } = image;
  const down = Math.floor(random() * (2 * padding + 1)) - padding;
  const right = Math.floor(random() * (2 * padding + 1)) - padding;
  const output = createImageLike(image);
  if (fill !== 0) output.data.fill(fill);
  const first = Math.max(0, right);
  const end = Math.min(width, width + right);
  for (let y = Math.max(0, down); y < Math.min(height, height + down) && first < end; y++) {
    const source = ((y - down) * width + first - right) * channels;
    output.data.set(data.subarray(source, source + (end - first) * channels), (y * width + first) * channels);
  }
  return output;
}

/**
 * Fills a square around a random pixel with one value (cutout, DeVries and Taylor 2017). The square is clipped at the
 * edges of the image. Draws three numbers.
 * @param options `size` of the square in pixels; `probability`, default 1; `fill`, default 127.5, the mid-range value
 *   that the default scaling maps to 0
 */
export function cutout<V extends Values>(
  image: PixelImage<V>,
  random: Random,
  options: { readonly size: number; readonly probability?: number; readonly fill?: number },
): PixelImage<V> {
  const { size, probability = 1, fill = 127.5 } = options;
  checkNumber('cutout: size', size, { minimum: 1, integer: true });
  checkNumber('cutout: probability', probability, { minimum: 0, maximum: 1 });
  const { height, width, channels } = image;
  // All three numbers are drawn in any case, so that later steps see the same sequence.
  const isApplied = random() < probability;
  const top = Math.floor(random() * height) - (size >> 1);
  const left = Math.floor(random() * width) - (size >> 1);
  if (!isApplied) return image;
  const output = createImageLike(image);
  output.data.set(image.data);
  const [first, end] = [Math.max(0, left), Math.min(width, left + size)];
  for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
    output.data.fill(fill, (y * width + first) * channels, (y * width + end) * channels);
  }
  return output;
}
