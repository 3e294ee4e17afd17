import fc from 'fast-check';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { asPng, asSharp, gradient } from './__fixtures__/sample-images.ts';
import { withoutExif } from './without-exif.ts';

const joined = (bytes: Uint8Array) => new Uint8Array(Buffer.concat(withoutExif(bytes)));

it.each(['jpeg', 'png'] as const)(
  'takes the orientation out of a %s file, and nothing else',
  async (format) => {
    const picture = asSharp(gradient(5, 7));
    const turned = new Uint8Array(
      await picture.clone().withMetadata({ orientation: 6 })[format]().toBuffer(),
    );
    expect((await sharp(turned).metadata()).orientation).toBe(6);
    const plain = joined(turned);
    const { orientation, exif, icc } = await sharp(plain).metadata();
    expect([orientation, exif]).toEqual([undefined, undefined]);
    expect(icc).toBeDefined();
    expect(await sharp(plain).raw().toBuffer()).toEqual(await sharp(turned).raw().toBuffer());
  },
);

it('leaves files without it, other files and damaged ones as they are', async () => {
  const png = await asPng(gradient(5, 7));
  expect(withoutExif(png)).toEqual([png]);
  for (const length of [0, 3, 30, png.length - 5]) {
    expect(joined(png.subarray(0, length))).toEqual(png.subarray(0, length));
  }
  const header = fc.constantFrom<number[]>([0xff, 0xd8, 0xff, 0xe1], [...png.subarray(0, 33)], []);
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 64 }), (first, rest) => {
      expect(joined(Uint8Array.from([...first, ...rest])).length).toBeLessThanOrEqual(
        first.length + rest.length,
      );
    }),
  );
});
