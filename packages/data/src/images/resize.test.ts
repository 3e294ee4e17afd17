import { ConfigError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSharp, gradient, largestDifference } from './__fixtures__/sample-images.ts';
import { resizeImage } from './resize.ts';

const grey = (height: number, width: number, ...data: number[]) => ({
  data: Uint8Array.from(data),
  height,
  width,
  channels: 1,
});

describe('resizeImage', () => {
  it('interpolates between pixel centres when it enlarges', () => {
    // Output centres are at 0.25, 0.75, 1.25 and 1.75, input centres at 0.5 and 1.5.
    const result = resizeImage(grey(1, 2, 0, 100), { height: 1, width: 4, fit: 'fill' });
    expect([...result.data]).toEqual([0, 25, 75, 100]);
  });

  it('weights with a triangle when it shrinks', () => {
    // Support 2 around 1: pixels 0, 1, 2 at distances 0.5, 0.5, 1.5 → weights 0.75, 0.75, 0.25, normalised by 1.75.
    const result = resizeImage(grey(1, 4, 0, 70, 140, 210), { height: 1, width: 2, fit: 'fill' });
    expect([...result.data]).toEqual([50, 160]);
  });

  it("crops both sides equally with 'cover'", () => {
    const wide = grey(1, 4, 10, 20, 30, 40);
    expect([...resizeImage(wide, { height: 1, width: 2 }).data]).toEqual([20, 30]);
    const tall = grey(4, 1, 10, 20, 30, 40);
    expect([...resizeImage(tall, { height: 2, width: 1 }).data]).toEqual([20, 30]);
  });

  it('returns an image that already has the size', () => {
    const image = gradient(5, 7);
    expect(resizeImage(image, { height: 5, width: 7 })).toBe(image);
  });

  it('agrees with sharp', async () => {
    const image = gradient(50, 90);
    for (const size of [
      { height: 20, width: 20 },
      { height: 70, width: 33 },
      { height: 100, width: 200 },
    ]) {
      for (const fit of ['cover', 'fill'] as const) {
        const theirs = await asSharp(image)
          .resize({ ...size, fit, kernel: 'linear' })
          .raw()
          .toBuffer();
        const ours = resizeImage(image, { ...size, fit });
        // libvips crops at whole pixels, which shifts a gradient slightly.
        expect(largestDifference(ours.data, theirs)).toBeLessThanOrEqual(8);
      }
    }
  });

  it('keeps a uniform colour at any size', () => {
    const sizes = fc.integer({ min: 1, max: 40 });
    const fits = fc.constantFrom('cover' as const, 'fill' as const);
    fc.assert(
      fc.property(
        sizes,
        sizes,
        sizes,
        sizes,
        fc.nat(255),
        fits,
        (height, width, toHeight, toWidth, value, fit) => {
          const image = { data: new Uint8Array(height * width * 3).fill(value), height, width, channels: 3 };
          const result = resizeImage(image, { height: toHeight, width: toWidth, fit });
          expect(result.data).toEqual(new Uint8Array(toHeight * toWidth * 3).fill(value));
        },
      ),
    );
  });

  it('rejects invalid sizes', () => {
    expect(() => resizeImage(gradient(2, 2), { height: 0, width: 2 })).toThrow(ConfigError);
    expect(() => resizeImage(gradient(2, 2), { height: 2, width: 1.5 })).toThrow(ConfigError);
  });
});
