import type { ImageBatchShape } from '@openset/core';

/**
 * Returns images followed by their mirror images.
 * @param images `[count, height, width, channels]` row-major
 * @returns `[2 · count, height, width, channels]`
 */
export function withMirrorImages(
  images: Float32Array,
  [count, height, width, channels]: ImageBatchShape,
): Float32Array {
  const doubled = new Float32Array(2 * images.length);
  doubled.set(images);
  const rowLength = width * channels;
  for (let row = 0; row < count * height; row++) {
    const source = row * rowLength;
    let target = images.length + source;
    for (let pixel = source + rowLength - channels; pixel >= source; pixel -= channels) {
      for (let channel = 0; channel < channels; channel++) doubled[target++] = images[pixel + channel]!;
    }
  }
  return doubled;
}
