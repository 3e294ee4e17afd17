import { checkNumber, ShapeError } from '@openset/core';
import { checkImage, createImageLike, type PixelImage } from './pixel-image.ts';
import {
  estimateSimilarity,
  invertSimilarity,
  type Point,
  type Similarity,
  transformPoint,
} from './similarity.ts';

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

/**
 * Applies a similarity to an image: each output pixel interpolates bilinearly at its preimage.
 *
 * @param transform maps points of `image` to points of the result
 * @param options size of the result; `border`: value of pixels outside `image`, default 0
 * @returns `[height, width, channels]`
 * @throws ShapeError if the length of the data does not match the size; ConfigError for options out of range
 */
export function warpImage(
  image: PixelImage,
  transform: Similarity,
  options: { readonly height: number; readonly width: number; readonly border?: number },
): PixelImage {
  const { height, width, border = 0 } = options;
  checkImage(image);
  checkNumber('warpImage: height', height, { minimum: 1, integer: true });
  checkNumber('warpImage: width', width, { minimum: 1, integer: true });
  checkNumber('warpImage: border', border, { minimum: 0, maximum: 255 });
  const output = createImageLike(image, { height, width });
  const inverse = invertSimilarity(transform);
  const { channels } = image;
  const valueAt = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= image.width || y >= image.height
      ? border
      : image.data[(y * image.width + x) * channels + channel]!;

  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sourceX, sourceY] = transformPoint(inverse, [x, y]);
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const right = sourceX - left;
      const down = sourceY - top;
      for (let channel = 0; channel < channels; channel++) {
        const upper = valueAt(left, top, channel) * (1 - right) + valueAt(left + 1, top, channel) * right;
        const lower =
          valueAt(left, top + 1, channel) * (1 - right) + valueAt(left + 1, top + 1, channel) * right;
        output.data[(y * width + x) * channels + channel] = upper * (1 - down) + lower * down + 0.5;
      }
    }
  }
  return output;
}
