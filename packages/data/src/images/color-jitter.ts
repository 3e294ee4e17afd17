import { checkNumber } from '@openset/core';
import type { Random } from './augment.ts';
import { imageLike, type PixelImage } from './pixel-image.ts';

/** How far each property may move: its factor is drawn evenly from `[1 − value, 1 + value]`. */
export interface ColorJitterOptions {
  /** Factor on all values; default 0, none. At most 1. */
  readonly brightness?: number;
  /** Factor on the distance from the mean grey of the image; default 0, none. At most 1. */
  readonly contrast?: number;
  /** Factor on the distance of each pixel from its own grey; default 0, none. At most 1. Grey images keep theirs. */
  readonly saturation?: number;
}

/**
 * Changes brightness, then contrast, then saturation, each by a random factor. Draws three numbers. Values stay in
 * 0 to 255, also between the steps.
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
    for (let index = 0; index < values.length; index += channels) sum += greyOf(values, index, channels);
    const mean = sum / (values.length / channels);
    for (let index = 0; index < values.length; index++) {
      values[index] = clamp(mean + (values[index]! - mean) * contrastFactor);
    }
  }
  if (saturationFactor !== 1 && channels === 3) {
    for (let pixel = 0; pixel < values.length; pixel += 3) {
      const grey = greyOf(values, pixel, 3);
      for (let index = pixel; index < pixel + 3; index++) {
        values[index] = clamp(grey + (values[index]! - grey) * saturationFactor);
      }
    }
  }
  const output = imageLike(image);
  const rounding = image.data instanceof Uint8Array ? 0.5 : 0;
  for (let index = 0; index < values.length; index++) output.data[index] = values[index]! + rounding;
  return output;
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** ITU-R BT.601, as `toChannels`. */
function greyOf(values: Float32Array, index: number, channels: number): number {
  if (channels !== 3) return values[index]!;
  return 0.299 * values[index]! + 0.587 * values[index + 1]! + 0.114 * values[index + 2]!;
}
