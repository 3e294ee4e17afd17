import type { PixelImage } from '@openset/data';
import { describe, expect, it } from 'vitest';
import { flatFraction, isDrawing } from './flat-colours.ts';

const grey = (values: readonly number[], width: number): PixelImage => ({
  data: Uint8Array.from(values),
  height: values.length / width,
  width,
  channels: 1,
});

/** 200 × 200 pixels of one colour, with `noise` grey levels of noise. */
function plain(noise: number): PixelImage {
  const data = Uint8Array.from({ length: 200 * 200 * 3 }, (_, index) => 120 + ((index * 7919) % (noise + 1)));
  return { data, height: 200, width: 200, channels: 3 };
}

describe('flatFraction', () => {
  it('counts pixels that equal their right and their lower neighbour', () => {
    expect(flatFraction(grey([5, 5, 5, 5, 5, 9, 5, 5, 5], 3))).toBe(0.75);
    expect(flatFraction(grey([1, 2, 3, 4], 2))).toBe(0);
    expect(flatFraction(grey([7, 7, 7, 7], 2))).toBe(1);
  });

  it('compares all channels', () => {
    const pixels = [1, 2, 3, 1, 2, 4, 1, 2, 3, 1, 2, 3];
    expect(flatFraction({ data: Uint8Array.from(pixels), height: 2, width: 2, channels: 3 })).toBe(0);
  });

  it('is 0 for a single pixel', () => {
    expect(flatFraction(grey([3], 1))).toBe(0);
  });
});

describe('isDrawing', () => {
  it.each([4, 60, 150])('tells one colour from noise on a face of %i pixels', (side) => {
    const outline = { center: [100, 100], side, angle: 0.3 } as const;
    expect(isDrawing(plain(0), outline)).toBe(true);
    expect(isDrawing(plain(16), outline)).toBe(false);
  });
});
