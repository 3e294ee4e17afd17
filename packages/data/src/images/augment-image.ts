import { ConfigError } from '@openset/core';
import { cutout, type Random, randomHorizontalFlip, randomPadCrop } from './augmentations.ts';
import { type ColorJitterOptions, colorJitter } from './color-jitter.ts';
import type { PixelImage } from './pixel-image.ts';

/**
 * One augmentation step as plain data, which can be sent to worker threads and stored in configuration files. `probability` is that of a
 * change, in [0, 1]; `padding` and `size` (the side of the square) are pixels; `fill` is the value of new pixels, 0 to 255. Defaults are
 * those of `randomHorizontalFlip`, `randomPadCrop` and `cutout`.
 */
export type Augmentation =
  | { readonly kind: 'horizontal-flip'; readonly probability?: number }
  | { readonly kind: 'pad-crop'; readonly padding: number; readonly fill?: number }
  | ({ readonly kind: 'color-jitter' } & ColorJitterOptions)
  | { readonly kind: 'cutout'; readonly size: number; readonly probability?: number; readonly fill?: number };

/**
 * Applies augmentations in order.
 * @param random every step draws from it, even a step that leaves the image unchanged
 * @returns a new image, or `image` itself if nothing changed
 * @throws ConfigError for an unknown kind or options out of range
 */
export function augmentImage<V extends Uint8Array | Float32Array>(
  image: PixelImage<V>,
  augmentations: readonly Augmentation[],
  random: Random,
): PixelImage<V> {
  let result = image;
  for (const step of augmentations) {
    switch (step.kind) {
      case 'horizontal-flip':
        result = randomHorizontalFlip(result, random, step);
        break;
      case 'pad-crop':
        result = randomPadCrop(result, random, step);
        break;
      case 'color-jitter':
        result = colorJitter(result, random, step);
        break;
      case 'cutout':
        result = cutout(result, random, step);
        break;
      default:
        throw new ConfigError(
          `augment: unknown kind '${String((step as { kind?: unknown }).kind)}'; ` +
            `use 'horizontal-flip', 'pad-crop', 'color-jitter' or 'cutout'.`,
        );
    }
  }
  return result;
}
