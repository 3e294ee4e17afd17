import fc from 'fast-check';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { heicFile } from './__fixtures__/heic-file.ts';
import { asJpeg, asPng, asSharp, gradient } from './__fixtures__/sample-images.ts';
import { trickyImages } from './__fixtures__/tricky-images.ts';
import { readImageHeader } from './image-header.ts';

it('reads size and orientation as sharp does', async () => {
  for (const { name, bytes, orientation } of await trickyImages()) {
    const { format, height, width } = await sharp(bytes).metadata();
    expect([name, readImageHeader(bytes)]).toMatchObject([name, { format, height, width, orientation }]);
  }
  const avif = readImageHeader(
    new Uint8Array(await asSharp(gradient(33, 70)).avif({ effort: 0 }).toBuffer()),
  );
  expect(avif).toMatchObject({ format: 'avif', height: 33, width: 70, orientation: 1 });
});

it('tells opaque images of 8 bits and CMYK from others', async () => {
  const kinds = (await trickyImages()).map(({ name, bytes }) => [name, readImageHeader(bytes)!] as const);
  for (const [name, { isOpaque8Bit, isCmyk }] of kinds) {
    const isPlain = !/alpha|transparent|bit|palette|CMYK|GIF/.test(name);
    expect([name, isOpaque8Bit, isCmyk]).toEqual([name, isPlain, name.includes('CMYK')]);
  }
});

it('reads WebP of every kind: lossy, lossless, with alpha', async () => {
  const [opaque, transparent] = [gradient(17, 300), gradient(17, 300, 4)];
  transparent.data[3] = 7;
  const files = [
    [opaque, { quality: 80 }, true],
    [opaque, { lossless: true }, true],
    [transparent, { quality: 80 }, false],
    [transparent, { lossless: true }, false],
  ] as const;
  for (const [image, options, isOpaque8Bit] of files) {
    const header = readImageHeader(new Uint8Array(await asSharp(image).webp(options).toBuffer()));
    expect(header).toMatchObject({ format: 'webp', height: 17, width: 300, isOpaque8Bit });
  }
});

it('finds the size of the primary image of a HEIC file, turned, among others', () => {
  const file = heicFile();
  expect(readImageHeader(file)).toMatchObject({ format: 'heic', height: 40, width: 30 });
  const reversed = file.map((byte, index) =>
    index >= 16 && index < 20 ? 'avif'.charCodeAt(index - 16) : byte,
  );
  expect(readImageHeader(Uint8Array.from(reversed))).toMatchObject({ format: 'avif' });
});

it('returns null for anything else and never throws', async () => {
  expect(readImageHeader(new Uint8Array())).toBeNull();
  expect(readImageHeader((await asPng(gradient(2, 2))).subarray(0, 20))).toBeNull();
  expect(readImageHeader((await asJpeg(gradient(2, 2))).subarray(0, 20))).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...signatures), (bytes, signature) => {
      bytes.set([...signature].map((letter) => letter.charCodeAt(0)).slice(0, bytes.length));
      readImageHeader(bytes);
    }),
  );
});

const signatures = [
  '',
  '\xff\xd8\xff\xe1',
  '\x89PNG\r\n\x1a\n',
  'BM',
  'GIF89a',
  'II*\0\x08\0\0\0',
  'MM\0+\0\x08\0\0',
  'RIFF\0\0\0\0WEBPVP8X',
  '\0\0\0\x10ftypheic',
];
