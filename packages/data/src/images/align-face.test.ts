import { ConfigError, DataError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { gradient, largestDifference } from './__fixtures__/sample-images.ts';
import { alignFace, faceTemplate } from './align-face.ts';
import type { PixelImage } from './pixel-image.ts';
import { type Point, type Similarity, transformPoint } from './similarity.ts';

/** Returns an image with a bright disc at each point. */
function drawDiscs(size: number, centres: readonly Point[], radius: number): PixelImage {
  const data = new Uint8Array(size * size);
  for (let index = 0; index < data.length; index++) {
    const [x, y] = [index % size, Math.floor(index / size)];
    if (centres.some(([u, v]) => Math.hypot(x - u, y - v) <= radius)) data[index] = 255;
  }
  return { data, height: size, width: size, channels: 1 };
}

describe('alignFace', () => {
  const rotation: Similarity = { a: 1.5 * Math.cos(0.4), b: 1.5 * Math.sin(0.4), x0: 60, y0: 15 };
  const landmarks = faceTemplate.map((point) => transformPoint(rotation, point));

  it.each([112, 224])('moves rotated landmarks onto the template, size %i', (size) => {
    const aligned = alignFace(drawDiscs(300, landmarks, 4), landmarks, size);
    expect([aligned.height, aligned.width, aligned.channels]).toEqual([size, size, 1]);
    const scale = size / 112;
    for (const [x, y] of faceTemplate) {
      const pixel = Math.round(y * scale) * size + Math.round(x * scale);
      expect(aligned.data[pixel]).toBe(255);
    }
    // Exactly five discs of radius 4 / 1.5.
    const bright = aligned.data.filter((value) => value > 127).length;
    expect(bright).toBeGreaterThan(0.8 * 5 * Math.PI * ((4 * scale) / 1.5) ** 2);
    expect(bright).toBeLessThan(1.2 * 5 * Math.PI * ((4.5 * scale) / 1.5) ** 2);
  });

  it('leaves an aligned face unchanged', () => {
    const image = gradient(112, 112);
    expect(largestDifference(alignFace(image, faceTemplate).data, image.data)).toBeLessThanOrEqual(1);
  });

  it('rejects invalid landmarks and sizes', () => {
    const image = gradient(10, 10);
    expect(() => alignFace(image, faceTemplate.slice(1))).toThrow(ShapeError);
    expect(() => alignFace(image, new Array<Point>(5).fill([3, 3]))).toThrow(DataError);
    expect(() => alignFace(image, faceTemplate, 0)).toThrow(ConfigError);
  });
});
