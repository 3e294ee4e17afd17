import { ConfigError, randomNumbers } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentImage } from './augment-image.ts';
import { cutout, horizontalFlip, randomHorizontalFlip, randomPadCrop } from './augmentations.ts';
import type { PixelImage } from './pixel-image.ts';

/** Returns a generator that yields the given numbers in order. */
const sequence = (...numbers: number[]) => {
  let next = 0;
  return () => numbers[next++]!;
};

const grey = (height: number, width: number, ...data: number[]): PixelImage => ({
  data: Uint8Array.from(data),
  height,
  width,
  channels: 1,
});

const images = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.constantFrom(1, 3))
  .chain(([height, width, channels]) =>
    fc
      .uint8Array({ minLength: height * width * channels, maxLength: height * width * channels })
      .map((data) => ({ data, height, width, channels })),
  );

describe('randomHorizontalFlip', () => {
  it('mirrors pixels, not channels', () => {
    const image = { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), height: 1, width: 3, channels: 3 };
    expect([...horizontalFlip(image).data]).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3]);
    expect([...horizontalFlip(grey(2, 2, 1, 2, 3, 4)).data]).toEqual([2, 1, 4, 3]);
  });

  it('is its own inverse and keeps the type of the values', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(horizontalFlip(horizontalFlip(image))).toEqual(image);
      }),
    );
    const floats = { data: Float32Array.of(0.5, 1.5), height: 1, width: 2, channels: 1 };
    expect(horizontalFlip(floats).data).toEqual(Float32Array.of(1.5, 0.5));
  });

  it('flips with the given probability', () => {
    const image = grey(1, 2, 1, 2);
    const random = randomNumbers(1);
    const share = (probability?: number) => {
      const options = probability === undefined ? {} : { probability };
      const results = Array.from({ length: 4000 }, () => randomHorizontalFlip(image, random, options));
      return results.filter((result) => result !== image).length / 4000;
    };
    // Standard deviation 0.008.
    expect(share()).toBeGreaterThan(0.46);
    expect(share()).toBeLessThan(0.54);
    expect(share(0)).toBe(0);
    expect(share(1)).toBe(1);
    expect(() => randomHorizontalFlip(image, random, { probability: 2 })).toThrow(ConfigError);
  });
});

describe('randomPadCrop', () => {
  const image = grey(2, 3, 1, 2, 3, 4, 5, 6);

  it('shifts by the two drawn numbers', () => {
    // ⌊0.99 · 3⌋ − 1 = 1: down by one. ⌊0 · 3⌋ − 1 = −1: left by one.
    expect([...randomPadCrop(image, sequence(0.99, 0), { padding: 1 }).data]).toEqual([0, 0, 0, 2, 3, 0]);
    expect([...randomPadCrop(image, sequence(0, 0.99), { padding: 1, fill: 9 }).data]).toEqual([
      9, 4, 5, 9, 9, 9,
    ]);
    expect(randomPadCrop(image, sequence(0.5, 0.5), { padding: 4 })).toEqual(image);
  });

  it('keeps size and values for any padding, even padding larger than the image', () => {
    fc.assert(
      fc.property(images, fc.nat(20), fc.nat(), (one, padding, seed) => {
        const result = randomPadCrop(one, randomNumbers(seed), { padding, fill: 7 });
        expect(result.data.length).toBe(one.data.length);
        for (const value of result.data) expect(value === 7 || one.data.includes(value)).toBe(true);
      }),
    );
    expect(() => randomPadCrop(image, Math.random, { padding: -1 })).toThrow(ConfigError);
  });
});

describe('cutout', () => {
  it('fills a square around the drawn pixel, clipped at the edges', () => {
    const image = grey(3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    // Centre (0, 2): rows −1 to 1, columns 1 to 3.
    const result = cutout(image, sequence(0, 0, 0.99), { size: 3, fill: 0 });
    expect([...result.data]).toEqual([1, 0, 0, 4, 0, 0, 7, 8, 9]);
    expect([...image.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws three numbers even when it does nothing', () => {
    const random = sequence(0.9, 0.1, 0.2, 0.3);
    const image = grey(1, 1, 5);
    expect(cutout(image, random, { size: 9, probability: 0.5 })).toBe(image);
    expect(random()).toBe(0.3);
    expect(() => cutout(image, random, { size: 0 })).toThrow(ConfigError);
  });
});

describe('augmentImage', () => {
  it('applies the steps in order, deterministically for a given generator', () => {
    fc.assert(
      fc.property(images, fc.nat(), (image, seed) => {
        const steps = [
          { kind: 'pad-crop', padding: 1 },
          { kind: 'horizontal-flip' },
          { kind: 'color-jitter', brightness: 0.5, contrast: 0.5, saturation: 0.5 },
          { kind: 'cutout', size: 2 },
        ] as const;
        const before = image.data.slice();
        const first = augmentImage(image, steps, randomNumbers(seed));
        expect(augmentImage(image, steps, randomNumbers(seed))).toEqual(first);
        expect(image.data).toEqual(before);
        const random = randomNumbers(seed);
        let byHand = randomPadCrop(image, random, { padding: 1 });
        byHand = randomHorizontalFlip(byHand, random);
        byHand = augmentImage(byHand, steps.slice(2), random);
        expect(byHand).toEqual(first);
      }),
    );
  });

  it('lists the valid kinds when it rejects an unknown one', () => {
    const unknown = [{ kind: 'rotate' as 'cutout', size: 1 }];
    expect(() => augmentImage(grey(1, 1, 0), unknown, Math.random)).toThrow(/'rotate'.*'color-jitter'/);
  });
});
