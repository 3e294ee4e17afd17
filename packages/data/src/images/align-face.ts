import { checkNumber, ShapeError } from '@openset/core';
import type { PixelImage } from './pixel-image.ts';
import { estimateSimilarity, type Point } from './similarity.ts';
import { warpImage } from './warp-image.ts';

/**
 * Five landmarks of an aligned face of 112 × 112 pixels: left eye, right eye, nose, left and right corner of the mouth,
 * where left and right are sides of the image (ArcFace, Deng et al. 2019, as in its published code).
 */
export const faceTemplate: readonly Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

const templateSize = 112;

/**
 * Crops a face so that its landmarks coincide with `faceTemplate`. Face embeddings are trained and tested on such crops.
 *
 * @param image the image that contains the landmarks
 * @param landmarks five points in the order of `faceTemplate`, in pixels of `image`
 * @param size height and width of the result, default 112; the template is scaled by `size / 112`
 * @param options `border`: value of pixels outside the image, default 0
 * @returns `[size, size, channels]`
 * @throws ShapeError unless there are five landmarks; DataError if they are not finite or all coincide; ConfigError for
 *   a size that is not a positive integer
 */
export function alignFace(
  image: PixelImage,
  landmarks: readonly Point[],
  size = templateSize,
  options: { readonly border?: number } = {},
): PixelImage {
  checkNumber('alignFace: size', size, { minimum: 1, integer: true });
  if (landmarks.length !== faceTemplate.length) {
    throw new ShapeError(`alignFace needs ${faceTemplate.length} landmarks, but got ${landmarks.length}.`);
  }
  const scale = size / templateSize;
  const template = faceTemplate.map(([x, y]): Point => [x * scale, y * scale]);
  return warpImage(image, estimateSimilarity(landmarks, template), { height: size, width: size, ...options });
}
