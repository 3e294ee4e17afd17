import sharp from 'sharp';
import { expect, it } from 'vitest';
import { asSharp, gradient } from './__fixtures__/sample-images.ts';
import { orientImage } from './orient-image.ts';

it('turns two rows of three pixels in each of the eight ways', () => {
  const image = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), height: 2, width: 3, channels: 1 };
  const turned = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => {
    const { data, height, width } = orientImage(image, orientation);
    return [height, width, ...data];
  });
  expect(turned).toEqual([
    [2, 3, 1, 2, 3, 4, 5, 6],
    [2, 3, 3, 2, 1, 6, 5, 4],
    [2, 3, 6, 5, 4, 3, 2, 1],
    [2, 3, 4, 5, 6, 1, 2, 3],
    [3, 2, 1, 4, 2, 5, 3, 6],
    [3, 2, 4, 1, 5, 2, 6, 3],
    [3, 2, 6, 3, 5, 2, 4, 1],
    [3, 2, 3, 6, 2, 5, 1, 4],
  ]);
});

it('turns like sharp', async () => {
  const image = gradient(5, 9);
  for (let orientation = 1; orientation <= 8; orientation++) {
    const file = await asSharp(image).withMetadata({ orientation }).png().toBuffer();
    const { data, info } = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
    const turned = orientImage(image, orientation);
    expect([turned.height, turned.width]).toEqual([info.height, info.width]);
    expect(turned.data).toEqual(new Uint8Array(data));
  }
});
