import { randomNumbers } from '@openset/core';
import { type PixelImage, resizeImage } from '@openset/data';
import { describe, expect, it } from 'vitest';
import { describePattern, descriptorSize, nearCopyCosine } from './image-descriptor.ts';

/** Returns a smooth random image. */
function smoothImage(seed: number, side: number, channels = 1): PixelImage {
  const random = randomNumbers(seed);
  const data = Uint8Array.from({ length: 64 * channels }, () => Math.floor(256 * random()));
  return resizeImage({ data, height: 8, width: 8, channels }, { height: side, width: side });
}

function change(image: PixelImage, work: (value: number, index: number) => number): PixelImage {
  return { ...image, data: Uint8Array.from(image.data, (value, index) => work(value, index)) };
}

function cosine(first: PixelImage, second: PixelImage): number {
  const [a, b] = [describePattern(first)!, describePattern(second)!];
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

describe('describePattern', () => {
  const image = smoothImage(1, 96);

  it('has unit length and no mean', () => {
    const pattern = describePattern(image)!;
    expect(pattern).toHaveLength(descriptorSize);
    expect(pattern.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    expect(pattern[0]).toBe(0);
  });

  it.each([
    ['scaled down', resizeImage(image, { height: 31, width: 31 })],
    ['scaled up', resizeImage(image, { height: 200, width: 200 })],
    ['darker', change(image, (value) => value * 0.6)],
    [
      'with noise',
      change(image, (value, index) => Math.max(0, Math.min(255, value + ((index * 7919) % 9) - 4))),
    ],
  ])('of a copy %s is nearly the same', (_, copy) => {
    expect(cosine(image, copy)).toBeGreaterThan(nearCopyCosine);
  });

  it('of other images, of the mirrored and the negative one differs', () => {
    const mirrored = change(image, (_, index) => image.data[index - (index % 96) + 95 - (index % 96)]!);
    for (const other of [smoothImage(2, 96), smoothImage(3, 40), mirrored]) {
      expect(cosine(image, other)).toBeLessThan(0.9);
    }
    expect(
      cosine(
        image,
        change(image, (value) => 255 - value),
      ),
    ).toBeCloseTo(-1, 3);
  });

  it('of grey stored as colour is the same', () => {
    const colour = {
      ...image,
      channels: 3,
      data: Uint8Array.from({ length: 3 * 96 * 96 }, (_, index) => image.data[Math.floor(index / 3)]!),
    };
    expect(describePattern(colour)).toEqual(describePattern(image));
  });

  it('is null for images without one', () => {
    const blank = { data: new Uint8Array(400).fill(90), height: 20, width: 20, channels: 1 };
    expect(describePattern(blank)).toBeNull();
    expect(describePattern({ data: Uint8Array.of(7), height: 1, width: 1, channels: 1 })).toBeNull();
  });
});
