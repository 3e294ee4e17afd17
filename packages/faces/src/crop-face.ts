import { checkChoice, checkNumber, type FaceCrop } from '@openset/core';
import { alignFace, type PixelImage, type Point, type Similarity, warpImage } from '@openset/data';
import type { Face } from './face.ts';

/**
 * Crops a face for a network. Shrinks without aliasing; pixels outside the image are black.
 *
 * @param image the image on which the face was found
 * @param crop crop of the network: by five landmarks, or a square around the face
 * @param size height and width of the result
 * @returns `[size, size, channels]`
 * @throws ConfigError for a size that is not a positive integer, a scale that is not positive, or an unknown
 *   crop
 */
export function cropFace(image: PixelImage, face: Face, crop: FaceCrop, size: number): PixelImage {
  checkNumber('cropFace: size', size, { minimum: 1, integer: true });
  checkChoice('cropFace: crop.kind', crop.kind, ['points', 'box']);
  if (crop.kind === 'points') return alignFace(image, face.landmarks, size);
  checkNumber('cropFace: scale', crop.scale, { minimum: Number.MIN_VALUE });
  const { center, side, angle } = face.mesh;
  const transform = squareToCrop(center, side * crop.scale, angle, size);
  return warpImage(image, transform, { height: size, width: size });
}

/**
 * Returns the similarity that maps a square of an image, turned clockwise by `angle`, to an upright crop of `size` pixels. Points
 * have pixel centres at integers.
 */
export function squareToCrop(center: Point, side: number, angle: number, size: number): Similarity {
  const scale = size / side;
  const a = scale * Math.cos(angle);
  const b = -scale * Math.sin(angle);
  const [x, y] = center;
  const middle = (size - 1) / 2;
  return { a, b, x0: middle - a * x + b * y, y0: middle - b * x - a * y };
}
