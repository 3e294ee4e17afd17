import { expect, it } from 'vitest';
import { withMirrorImages } from './mirror-images.ts';

it('appends images mirrored along their width, pixel by pixel', () => {
  // Two images of height 1, width 3 and 2 channels.
  const images = Float32Array.of(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60);
  expect([...withMirrorImages(images, [2, 1, 3, 2])]).toEqual([
    ...images,
    ...[5, 6, 3, 4, 1, 2],
    ...[50, 60, 30, 40, 10, 20],
  ]);
  expect([...withMirrorImages(Float32Array.of(1, 2, 3, 4), [1, 2, 2, 1])]).toEqual([1, 2, 3, 4, 2, 1, 4, 3]);
  expect(withMirrorImages(new Float32Array(0), [0, 4, 4, 3])).toHaveLength(0);
});
