import { ConfigError, ShapeError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { averageBlocks } from './average-blocks.ts';
import type { PixelImage } from './pixel-image.ts';

describe('averageBlocks', () => {
  /** Values 0 to 14 in rows of 5. */
  const image: PixelImage = {
    data: Uint8Array.from({ length: 15 }, (_, i) => i),
    height: 3,
    width: 5,
    channels: 1,
  };

  it('averages blocks, and what is left of them at the right and bottom edge', () => {
    // (0 + 1 + 5 + 6) / 4 = 3; (2 + 3 + 7 + 8) / 4 = 5; (4 + 9) / 2 = 6.5; (10 + 11) / 2 = 10.5; 12.5; 14
    expect(averageBlocks(image, 2)).toEqual({
      data: Uint8Array.of(3, 5, 7, 11, 13, 14),
      height: 2,
      width: 3,
      channels: 1,
    });
  });

  it('reads only the region', () => {
    const { data } = averageBlocks(image, 2, { left: 1, top: 1, width: 2, height: 2 });
    expect([...data]).toEqual([(6 + 7 + 11 + 12) / 4]);
  });

  it('keeps channels apart', () => {
    const colour: PixelImage = {
      data: Uint8Array.of(0, 100, 50, 10, 200, 60),
      height: 1,
      width: 2,
      channels: 3,
    };
    expect([...averageBlocks(colour, 2).data]).toEqual([5, 150, 55]);
    expect(averageBlocks(colour, 1)).toEqual(colour);
  });

  it('does not overflow in white blocks of thousands of pixels', () => {
    const white: PixelImage = {
      data: new Uint8Array(5000 * 3).fill(255),
      height: 3,
      width: 5000,
      channels: 1,
    };
    expect([...averageBlocks(white, 5000).data]).toEqual([255]);
  });

  it('rejects blocks and regions out of range', () => {
    expect(() => averageBlocks(image, 0)).toThrow(ConfigError);
    expect(() => averageBlocks(image, 2, { left: 4, top: 0, width: 2, height: 1 })).toThrow(ShapeError);
    expect(() => averageBlocks(image, 2, { left: 0, top: 0, width: 0, height: 1 })).toThrow(ShapeError);
    expect(() => averageBlocks({ ...image, width: 4 }, 2)).toThrow(ShapeError);
  });
});
