import fc from 'fast-check';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { asPng, asSharp, gradient } from './__fixtures__/sample-images.ts';
import { stripExif } from './strip-exif.ts';

const strip = (bytes: Uint8Array) => new Uint8Array(Buffer.concat(stripExif(bytes)));

it.each(['jpeg', 'webp'] as const)(
  'removes the EXIF orientation of a %s file and nothing else',
  async (format) => {
    const rotated = new Uint8Array(
      await asSharp(gradient(5, 7)).withMetadata({ orientation: 6 })[format]().toBuffer(),
    );
    expect((await sharp(rotated).metadata()).orientation).toBe(6);
    const plain = strip(rotated);
    const { orientation, exif, icc } = await sharp(plain).metadata();
    expect([orientation, exif]).toEqual([undefined, undefined]);
    expect(icc).toBeDefined();
    expect(await sharp(plain).raw().toBuffer()).toEqual(await sharp(rotated).raw().toBuffer());
  },
);

it('leaves files without EXIF data, other formats and damaged files unchanged', async () => {
  const png = await asPng(gradient(5, 7));
  const webp = new Uint8Array(
    await asSharp(gradient(5, 7)).withMetadata({ orientation: 6 }).webp().toBuffer(),
  );
  expect(stripExif(png)).toEqual([png]);
  for (const length of [0, 3, 30, png.length - 5]) {
    expect(strip(png.subarray(0, length))).toEqual(png.subarray(0, length));
    expect(strip(webp.subarray(0, length))).toEqual(webp.subarray(0, length));
  }
  const header = fc.constantFrom<number[]>([0xff, 0xd8, 0xff, 0xe1], [...webp.subarray(0, 30)], []);
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 64 }), (first, rest) => {
      expect(strip(Uint8Array.from([...first, ...rest])).length).toBeLessThanOrEqual(
        first.length + rest.length,
      );
    }),
  );
});
