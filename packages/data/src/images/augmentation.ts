import { ConfigError } from '@openset/core';
import { cutout, type Random, randomHorizontalFlip, randomPadCrop } from './augment.ts';
import { type ColorJitterOptions, colorJitter } from './color-jitter.ts';
import type { PixelImage } from './pixel-image.ts';

/** One step of augmentation as plain data, so that it reaches worker threads and configuration files. */
export type Augmentation =
  | { readonly kind: 'horizontal-flip'; readonly probability?: number }
  | { readonly kind: 'pad-crop'; readonly padding: number; readonly fill?: number }
  | ({ readonly kind: 'color-jitter' } & ColorJitterOptions)
  | { readonly kind: 'cutout'; readonly size: number; readonly probability?: number; readonly fill?: number };

/**
 * Carries out augmentations one after another.
 * @param random drawn from by every step, whether it changes anything or not
 * @returns a new image, or `image` itself if nothing changed
 * @throws ConfigError for an unknown kind or options out of their range
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
          `augment: there is no '${String((step as { kind?: unknown }).kind)}'; ` +
            `the kinds are 'horizontal-flip', 'pad-crop', 'color-jitter' and 'cutout'.`,
        );
    }
  }
  return result;
}
