import { ConfigError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { gradient, largestDifference } from './__fixtures__/sample-images.ts';
import type { PixelImage } from './pixel-image.ts';
import type { Similarity } from './similarity.ts';
import { warpImage } from './warp-image.ts';

describe('warpImage', () => {
  const identity: Similarity = { a: 1, b: 0, x0: 0, y0: 0 };
  const image: PixelImage = { data: Uint8Array.of(0, 100, 200, 40), height: 2, width: 2, channels: 1 };

  it('shifts by whole pixels exactly and fills with the border', () => {
    const moved = warpImage(image, { ...identity, x0: 1 }, { height: 2, width: 3, border: 9 });
    expect([...moved.data]).toEqual([9, 0, 100, 9, 200, 40]);
  });

  it('averages neighbours, and the border, when it shifts by half a pixel', () => {
    const moved = warpImage(image, { ...identity, x0: 0.5 }, { height: 2, width: 2, border: 50 });
    expect([...moved.data]).toEqual([25, 50, 125, 120]);
  });

  it('rotates by a right angle', () => {
    // (x, y) → (1 − y, x)
    const rotated = warpImage(image, { a: 0, b: 1, x0: 1, y0: 0 }, { height: 2, width: 2 });
    expect([...rotated.data]).toEqual([200, 0, 40, 100]);
  });

  it('returns only border far outside the image', () => {
    const far = warpImage(image, { ...identity, x0: 1e6 }, { height: 3, width: 3, border: 255 });
    expect(far.data).toEqual(new Uint8Array(9).fill(255));
  });

  it.each([1.3, 2, 2.7, 9.4])('averages stripes of one pixel when it shrinks by %f', (shrink) => {
    const size = 300;
    const data = Uint8Array.from({ length: size * size }, (_, index) => (index % 2 === 0 ? 0 : 255));
    const width = Math.floor(size / shrink);
    const scaled = warpImage(
      { data, height: size, width: size, channels: 1 },
      { a: 1 / shrink, b: 0, x0: 0, y0: 0 },
      { height: width, width },
    );
    const inner = scaled.data.filter((_, index) => index % width > 0 && index % width < width - 1);
    // Without a filter, a sample on a pixel's centre has its value, 0 or 255.
    const spread = Math.max(...inner) - Math.min(...inner);
    expect(spread).toBeLessThan(shrink < 2 ? 200 : 80);
  });

  it('keeps the positions of what it shrinks', () => {
    // A white square from 40 to 79, and its image from 10 to 19 after shrinking by 4 around the pixels' edges.
    const data = Uint8Array.from({ length: 120 * 120 }, (_, index) => {
      const [x, y] = [index % 120, Math.floor(index / 120)];
      return x >= 40 && x < 80 && y >= 40 && y < 80 ? 255 : 0;
    });
    const shrunk = warpImage(
      { data, height: 120, width: 120, channels: 1 },
      { a: 0.25, b: 0, x0: -0.375, y0: -0.375 },
      { height: 30, width: 30 },
    );
    expect(shrunk.data.reduce((sum, value) => sum + value, 0)).toBe(255 * 100);
    expect([shrunk.data[10 * 30 + 10], shrunk.data[19 * 30 + 19]]).toEqual([255, 255]);
  });

  it('handles colour and grey alike, inside and at the edge', () => {
    const grey = gradient(40, 40, 1);
    const colour = { ...grey, channels: 3, data: new Uint8Array(3 * 1600) };
    for (let index = 0; index < 4800; index++) colour.data[index] = grey.data[Math.floor(index / 3)]!;
    const turn = { a: 0.7, b: 0.4, x0: -2.2, y0: 3.1 };
    const [one, three] = [grey, colour].map((source) =>
      warpImage(source, turn, { height: 30, width: 30, border: 7 }),
    );
    const red = three!.data.filter((_, index) => index % 3 === 0);
    expect(largestDifference(red, one!.data)).toBeLessThanOrEqual(1);
  });

  it('checks the image and its options', () => {
    expect(() => warpImage({ ...image, width: 3 }, identity, { height: 2, width: 2 })).toThrow(ShapeError);
    expect(() => warpImage(image, identity, { height: 2, width: 2, border: 256 })).toThrow(ConfigError);
  });
});
