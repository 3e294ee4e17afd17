import type { ImageBatchShape } from '@openset/core';

/**
 * Returns mirror images: left and right are swapped.
 * @param images `[count, height, width, channels]` row-major
 * @param target array of the same length that gets them; default a new one
 */
export function mirrorImages(
  images: Float32Array,
  [count, height, width, channels]: ImageBatchShape,
  target = new Float32Array(images.length),
): Float32Array {
  const rowLength = width * channels;
  let place = 0;
  for (let row = 1; row <= count * height; row++) {
    const first = (row - 1) * rowLength;
    for (let pixel = row * rowLength - channels; pixel >= first; pixel -= channels) {
      for (let channel = 0; channel < channels; channel++) target[place++] = images[pixel + channel]!;
    }
  }
  return target;
}

/**
 * Returns images followed by their mirror images.
 * @param images `[count, height, width, channels]` row-major
 * @returns `[2 · count, height, width, channels]`
 */
export function withMirrorImages(images: Float32Array, shape: ImageBatchShape): Float32Array {
  const doubled = new Float32Array(2 * images.length);
  doubled.set(images);
  mirrorImages(images, shape, doubled.subarray(images.length));
  return doubled;
}
