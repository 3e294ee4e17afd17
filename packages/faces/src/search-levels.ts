import type { Similarity } from '@openset/data';

/** A copy of the image at one scale, in which the detector network searches. */
export interface SearchLevel {
  /** Size of the network's input, multiples of 32. */
  readonly height: number;
  readonly width: number;
  /** Maps points of the image to points of the input. */
  readonly transform: Similarity;
}

/** The network halves its input five times. */
const multiple = 32;

/**
 * Plans the input of the detector network for an image whose longer side becomes `side` pixels.
 * @param image height and width of the image
 * @param side longer side of the scaled image
 * @param margin free pixels on each side, at least
 */
export function planLevel(
  image: { readonly height: number; readonly width: number },
  side: number,
  margin = 0,
): SearchLevel {
  const scale = side / Math.max(image.height, image.width);
  const padded = (length: number) => Math.ceil((length * scale + 2 * margin) / multiple - 1e-9) * multiple;
  const height = padded(image.height);
  const width = padded(image.width);
  // Centres of pixels are integers, so the middle of a row of n pixels is (n − 1) / 2.
  const offset = (length: number, target: number) => (target - 1) / 2 - (scale * (length - 1)) / 2;
  return {
    height,
    width,
    transform: { a: scale, b: 0, x0: offset(image.width, width), y0: offset(image.height, height) },
  };
}
