import { deflateSync } from 'node:zlib';
import { ConfigError, DataError } from '@openset/core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { heicFile } from './__fixtures__/heic-file.ts';
import { assemblePng } from './__fixtures__/png-file.ts';
import { asJpeg, asPng, asSharp, gradient, largestDifference } from './__fixtures__/sample-images.ts';
import { decodeImage as decodeWithoutSharp } from './decode-image.ts';
import { decodeImage } from './decode-image-node.ts';
import type { DecodeOptions } from './decode-options.ts';
import { toChannels } from './pixel-image.ts';

const unresized = { fit: 'none' } as const;

describe.each([
  [
    'sharp',
    (bytes: Uint8Array, options: DecodeOptions) => decodeImage(bytes, { ...options, decoder: 'sharp' }),
  ],
  ['JavaScript', (bytes: Uint8Array, options: DecodeOptions) => decodeWithoutSharp(bytes, options)],
])('decodeImage with %s', (name, decode) => {
  it.each([1, 2, 3, 4])('reads PNG with %i channels exactly', async (channels) => {
    const image = gradient(6, 5, channels);
    const bytes = await asPng(image);
    expect(await decode(bytes, unresized)).toEqual(toChannels(image, 3));
    expect(await decode(bytes, { ...unresized, channels: 1 })).toEqual(toChannels(image, 1));
  });

  it('reads PNG with 16 bits, with a palette and with interlacing', async () => {
    const image = gradient(6, 5);
    const deep = await asSharp(image).toColourspace('rgb16').png().toBuffer();
    expect((await decode(deep, unresized)).data).toEqual(image.data);
    const interlaced = await asSharp(image).png({ progressive: true }).toBuffer();
    expect((await decode(interlaced, unresized)).data).toEqual(image.data);
    const few = { data: Uint8Array.of(255, 0, 0, 0, 0, 255, 0, 0, 255), height: 1, width: 3, channels: 3 };
    const palette = await asSharp(few).png({ palette: true, colours: 4, dither: 0 }).toBuffer();
    expect(largestDifference((await decode(palette, unresized)).data, few.data)).toBeLessThanOrEqual(2);
  });

  it('reads grey PNG with 1, 2 and 4 bits', async () => {
    // 3 × 2 pixels, one byte per row: 1 0 1 / 0 1 1.
    const one = png({ width: 3, height: 2, depth: 1, rows: [[0b10100000], [0b01100000]] });
    expect([...(await decode(one, { ...unresized, channels: 1 })).data]).toEqual([255, 0, 255, 0, 255, 255]);
    const two = png({ width: 4, height: 1, depth: 2, rows: [[0b00011011]] });
    expect([...(await decode(two, { ...unresized, channels: 1 })).data]).toEqual([0, 85, 170, 255]);
    const four = png({ width: 2, height: 1, depth: 4, rows: [[0x1f]] });
    expect([...(await decode(four, { ...unresized, channels: 1 })).data]).toEqual([17, 255]);
  });

  it('reads JPEG: colour, grey, progressive, 1 × 1', async () => {
    const image = gradient(24, 40);
    const colour = await decode(await asJpeg(image), unresized);
    expect([colour.height, colour.width, colour.channels]).toEqual([24, 40, 3]);
    expect(largestDifference(colour.data, image.data)).toBeLessThan(12);
    const progressive = await asSharp(image).jpeg({ progressive: true, quality: 95 }).toBuffer();
    expect(largestDifference((await decode(progressive, unresized)).data, image.data)).toBeLessThan(24);
    const grey = await decode(await asJpeg(gradient(9, 8, 1)), unresized);
    expect(grey.data.length).toBe(9 * 8 * 3);
    expect(largestDifference(toChannels(grey, 1).data, gradient(9, 8, 1).data)).toBeLessThan(6);
    const single = await decode(await asJpeg(gradient(1, 1)), { height: 4, width: 3 });
    expect(single.data.length).toBe(4 * 3 * 3);
  });

  it("resizes to fit, and with 'none' rejects another size", async () => {
    const bytes = await asPng(gradient(10, 20));
    const result = await decode(bytes, { height: 5, width: 4, channels: 1 });
    expect([result.height, result.width, result.channels]).toEqual([5, 4, 1]);
    const stretched = await decode(bytes, { height: 10, width: 40, fit: 'fill' });
    expect(stretched.data.length).toBe(10 * 40 * 3);
    const wrong = decode(bytes, { ...unresized, height: 20, width: 20, origin: 'face 3' });
    await expect(wrong).rejects.toThrow(/face 3: the image has 10 × 20 pixels, expected 20 × 20/);
  });

  it('rejects damaged files and names their origin', async () => {
    const [jpeg, png] = [await asJpeg(gradient(32, 32)), await asPng(gradient(32, 32))];
    const changed = png.slice();
    changed[60]! ^= 0xff;
    const damaged = [
      new Uint8Array(),
      Uint8Array.of(1, 2, 3),
      changed,
      ...[0.1, 0.5, 0.9].flatMap((part) => [jpeg, png].map((file) => file.subarray(0, part * file.length))),
    ];
    for (const bytes of damaged) {
      const result = decode(bytes, { height: 8, width: 8, origin: 'list.rec, record 5' });
      await expect(result).rejects.toThrow(DataError);
      await expect(result).rejects.toThrow(/^list\.rec, record 5: /);
    }
  });

  it('rejects sizes beyond maxPixels without decoding', async () => {
    const jpeg = await asJpeg(gradient(32, 32));
    await expect(decode(jpeg, { ...unresized, maxPixels: 1000 })).rejects.toThrow(
      /32 × 32 pixels, more than the limit of/,
    );
    const huge = jpeg.slice();
    const frame = huge.findIndex((value, index) => value === 0xff && huge[index + 1] === 0xc0);
    huge.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    await expect(decode(huge, unresized)).rejects.toThrow(/65535 × 65535/);
    const wide = (await asPng(gradient(2, 2))).slice();
    wide.set([0x7f, 0xff, 0xff, 0xff], 16);
    await expect(decode(wide, unresized)).rejects.toThrow(DataError);
    wide.set([0, 0, 0, 0], 16);
    await expect(decode(wide, unresized)).rejects.toThrow(DataError);
  });

  it('checks its options', async () => {
    const bytes = await asPng(gradient(2, 2));
    await expect(decode(bytes, {})).rejects.toThrow(ConfigError);
    await expect(decode(bytes, { height: 2, width: 0 })).rejects.toThrow(ConfigError);
    await expect(decode(bytes, { height: 2, width: 2, channels: 4 as 3 })).rejects.toThrow(/1 or 3/);
    await expect(decode(bytes, { height: 2, width: 2, fit: 'inside' as 'fill' })).rejects.toThrow(
      ConfigError,
    );
  });

  it(name === 'sharp' ? 'reads other formats' : 'names a decoder for other formats', async () => {
    const webp = new Uint8Array(await asSharp(gradient(8, 8)).webp().toBuffer());
    if (name === 'sharp') expect((await decode(webp, unresized)).data.length).toBe(8 * 8 * 3);
    else
      await expect(decode(webp, unresized)).rejects.toThrow(
        /found a WebP file, which needs the package sharp \(npm install sharp\)/,
      );
  });
});

it('both decoders return nearly the same pixels', async () => {
  for (const options of [
    unresized,
    { height: 12, width: 30 },
    { height: 50, width: 20, fit: 'fill' as const },
  ]) {
    const bytes = await asJpeg(gradient(40, 60));
    const first = await decodeImage(bytes, { ...options, decoder: 'sharp' });
    const second = await decodeImage(bytes, { ...options, decoder: 'javascript' });
    expect(largestDifference(first.data, second.data)).toBeLessThanOrEqual(10);
  }
});

it.each(['sharp', 'javascript'] as const)('%s returns pixels as stored', async (decoder) => {
  // The colour profile and the orientation are for display only.
  const tagged = await asSharp(gradient(12, 16)).withMetadata({ icc: 'p3', orientation: 6 }).png().toBuffer();
  const stored = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
  expect(largestDifference(await sharp(tagged).raw().toBuffer(), stored)).toBeGreaterThan(20);
  const { data, height } = await decodeImage(tagged, { ...unresized, decoder });
  expect([height, data]).toEqual([12, new Uint8Array(stored)]);
});

it('both decoders enlarge identically', async () => {
  const noise = {
    ...gradient(10, 12),
    data: Uint8Array.from({ length: 360 }, (_, index) => (index * 97) % 256),
  };
  const bytes = await asPng(noise);
  for (const options of [
    { height: 20, width: 24 },
    { height: 8, width: 30, fit: 'fill' as const },
  ]) {
    const first = await decodeImage(bytes, { ...options, decoder: 'sharp' });
    expect(first).toEqual(await decodeImage(bytes, { ...options, decoder: 'javascript' }));
  }
});

it("failOn 'none' accepts every file that can be decoded", async () => {
  const jpeg = await asJpeg(gradient(64, 64));
  const truncated = jpeg.subarray(0, 0.8 * jpeg.length);
  await expect(decodeImage(truncated, unresized)).rejects.toThrow('the JPEG file is truncated');
  expect((await decodeImage(truncated, { ...unresized, failOn: 'none' })).height).toBe(64);
});

it('names a truncated JPEG file while other images are decoded, and whatever its thumbnail ends with', async () => {
  const jpeg = await asJpeg(gradient(64, 64));
  const thumbnail = Buffer.from([0xff, 0xe1, 0, 6, 0, 0, 0xff, 0xd9]);
  const withThumbnail = Buffer.concat([jpeg.subarray(0, 2), thumbnail, jpeg.subarray(2)]);
  expect((await decodeImage(withThumbnail, unresized)).height).toBe(64);
  const truncated = withThumbnail.subarray(0, 0.8 * withThumbnail.length);
  await Promise.all(
    Array.from({ length: 40 }, (_, image) =>
      image % 2 === 0
        ? decodeImage(jpeg, unresized)
        : expect(decodeImage(truncated, unresized)).rejects.toThrow('the JPEG file is truncated'),
    ),
  );
});

it.each(['sharp', 'javascript'] as const)(
  '%s names a HEIC file that it cannot decode, and the remedy',
  async (decoder) => {
    const file = heicFile();
    for (const bytes of [file, file.subarray(0, file.length - 8), file.subarray(0, 24)]) {
      const result = decodeImage(bytes, { ...unresized, decoder, origin: 'IMG_1.jpg' });
      await expect(result).rejects.toThrow(
        /^IMG_1.jpg: found a HEIC file, as iPhones write; .* Convert it to JPEG, for example/,
      );
      await expect(result).rejects.toThrow(DataError);
    }
  },
);

it('gives reasons of one line', async () => {
  const avif = Uint8Array.from([0, 0, 0, 16, ...Buffer.from('ftypavif'), 0, 0, 0, 0, ...new Uint8Array(64)]);
  for (const decoder of ['sharp', 'javascript'] as const) {
    await expect(decodeImage(avif, { ...unresized, decoder, origin: 'a.avif' })).rejects.toThrow(
      /^a\.avif: cannot decode the image: .+$/,
    );
  }
});

it('checks the size of the upright image', async () => {
  const file = await asSharp(gradient(4, 6)).withMetadata({ orientation: 6 }).png().toBuffer();
  const options = { fit: 'none', orientation: 'exif', height: 4, width: 6 } as const;
  for (const decoder of ['sharp', 'javascript'] as const) {
    await expect(decodeImage(file, { ...options, decoder })).rejects.toThrow(
      'has 6 × 4 pixels, expected 4 × 6',
    );
    const { height, width } = await decodeImage(file, {
      fit: 'none',
      orientation: 'exif',
      height: 6,
      width: 4,
      decoder,
    });
    expect([height, width]).toEqual([6, 4]);
  }
});

it('JavaScript reads JPEG of a size whose product in megapixels is rounded', async () => {
  const image = await decodeImage(await asJpeg(gradient(218, 178)), { ...unresized, decoder: 'javascript' });
  expect([image.height, image.width]).toEqual([218, 178]);
});

describe('decodeImage of a PNG file', () => {
  it('rejects more data than the dimensions allow', async () => {
    // 200 KB that inflate to 200 MB.
    const bomb = png({ width: 8, height: 8, depth: 8, rows: [], data: deflateSync(new Uint8Array(2e8)) });
    await expect(decodeWithoutSharp(bomb, unresized)).rejects.toThrow(/inflates to more than the/);
  });

  it('rejects a second header', async () => {
    const small = png({ width: 1, height: 1, depth: 8, rows: [[1]] });
    const large = png({ width: 60_000, height: 60_000, depth: 8, rows: [[1]] });
    const header = large.subarray(8, 8 + 25);
    const both = Uint8Array.from([...small.subarray(0, 33), ...header, ...small.subarray(33)]);
    await expect(decodeWithoutSharp(both, unresized)).rejects.toThrow(/exactly one IHDR chunk, at the start/);
  });

  it('reads a large file', async () => {
    const noise = Uint8Array.from({ length: 300 * 300 * 3 }, (_, index) => (index * 7919) % 251);
    const image = { data: noise, height: 300, width: 300, channels: 3 };
    const bytes = new Uint8Array(await asSharp(image).png({ compressionLevel: 0 }).toBuffer());
    expect((await decodeWithoutSharp(bytes, unresized)).data).toEqual(noise);
  });
});

it('sharp runs with one thread per image and without cache', async () => {
  await decodeImage(await asPng(gradient(2, 2)), unresized);
  expect(sharp.concurrency()).toBe(1);
  expect(sharp.cache().memory.max).toBe(0);
});

/** Assembles a grey PNG file from its rows, or from compressed data. */
function png(options: { width: number; height: number; depth: number; rows: number[][]; data?: Uint8Array }) {
  const { rows, data = deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row]))) } = options;
  return assemblePng({ ...options, colourType: 0 }, data);
}
