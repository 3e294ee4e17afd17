import { ConfigError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
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

  it('checks the image and its options', () => {
    expect(() => warpImage({ ...image, width: 3 }, identity, { height: 2, width: 2 })).toThrow(ShapeError);
    expect(() => warpImage(image, identity, { height: 2, width: 2, border: 256 })).toThrow(ConfigError);
  });
});
