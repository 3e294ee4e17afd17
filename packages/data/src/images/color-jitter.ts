import { checkNumber } from '@openset/core';
import type { Random } from './augmentations.ts';
import { createImageLike, type PixelImage } from './pixel-image.ts';

/** Ranges of the three factors: each factor is drawn uniformly from `[1 − range, 1 + range]`. */
export interface ColorJitterOptions {
  /** Range of the factor on all values, 0 to 1; default 0, which changes nothing. */
  readonly brightness?: number;
  /** Range of the factor on each value's distance from the mean grey of the image, 0 to 1; default 0. */
  readonly contrast?: number;
  /** Range of the factor on each pixel's distance from its own grey, 0 to 1; default 0. Grey images do not change. */
  readonly saturation?: number;
}

/**
 * Changes brightness, then contrast, then saturation, each by a random factor. Draws three numbers. Every step clamps
 * values to 0 … 255.
 * @throws ConfigError for options outside 0 to 1
 */
export function colorJitter<V extends Uint8Array | Float32Array>(
  image: PixelImage<V>,
  random: Random,
  options: ColorJitterOptions,
): PixelImage<V> {
  const { brightness = 0, contrast = 0, saturation = 0 } = options;
  const [brightnessFactor, contrastFactor, saturationFactor] = Object.entries({
    brightness,
    contrast,
    saturation,
  }).map(([name, range]) => {
    checkNumber(`colorJitter: ${name}`, range, { minimum: 0, maximum: 1 });
    return 1 + range * (2 * random() - 1);
  }) as [number, number, number];

  const { channels } = image;
  const values = Float32Array.from(image.data, (value) => clamp(value * brightnessFactor));
  if (contrastFactor !== 1) {
    let sum = 0;
    for (let index = 0; index < values.length; index += channels) sum += greyAt(values, index, channels);
    const mean = sum / (values.length / channels);
    for (let index = 0; index < values.length; index++) {
      values[index] = clamp(mean + (values[index]! - mean) * contrastFactor);
    }
  }
  if (saturationFactor !== 1 && channels === 3) {
    for (let pixel = 0; pixel < values.length; pixel += 3) {
      const grey = greyAt(values, pixel, 3);
      for (let index = pixel; index < pixel + 3; index++) {
        values[index] = clamp(grey + (values[index]! - grey) * saturationFactor);
      }
    }
  }
  const output = createImageLike(image);
  const rounding = image.data instanceof Uint8Array ? 0.5 : 0;
  for (let index = 0; index < values.length; index++) output.data[index] = values[index]! + rounding;
  return output;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Returns the ITU-R BT.601 luma of the pixel at `index`, with the weights of `toChannels` in floating point. */
function greyAt(values: Float32Array, index: number, channels: number): number {
  if (channels !== 3) return values[index]!;
  return 0.299 * values[index]! + 0.587 * values[index + 1]! + 0.114 * values[index + 2]!;
}
