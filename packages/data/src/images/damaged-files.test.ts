import { DataError } from '@openset/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { bmpFile } from './__fixtures__/bmp-file.ts';
import { asSharp, gradient } from './__fixtures__/sample-images.ts';
import { trickyImages } from './__fixtures__/tricky-images.ts';
import { decodeImage } from './decode-image-node.ts';
import { readImageHeader } from './image-header.ts';

const maxPixels = 100_000;
/** A small file of each kind, by name. */
const files = new Map<string, Uint8Array>();
const kinds = [
  'BMP',
  'BMP: runs',
  'GIF: interlaced',
  'JPEG: progressive',
  'JPEG: CMYK',
  'PNG: 16-bit colour and alpha',
  'PNG: transparent palette of 2 bits, interlaced',
  'TIFF: LZW',
  'TIFF: deflate',
  'TIFF: PackBits',
  'TIFF: tiles',
  'AVIF',
  'WebP: alpha',
];
beforeAll(async () => {
  for (const { name, bytes } of await trickyImages()) files.set(name, bytes);
  const pixels = Array.from({ length: 1344 }, (_, index) => (index * 7) & 255);
  files.set('BMP', bmpFile({ width: 21, height: 21, depth: 24, pixels }));
  const runs = Array.from({ length: 20 }, (_, row) => [9, row, 0, 3, 1, 2, 3, 0, 9, 4, 0, 0]).flat();
  const palette = Array.from({ length: 256 }, (_, index) => [index, 255 - index, 7] as const);
  files.set('BMP: runs', bmpFile({ width: 21, height: 20, depth: 8, compression: 1, pixels: runs, palette }));
  files.set('AVIF', new Uint8Array(await asSharp(gradient(16, 16)).avif({ effort: 0 }).toBuffer()));
});

describe.each(['sharp', 'javascript'] as const)('decoding with %s', (decoder) => {
  const decode = (bytes: Uint8Array) =>
    decodeImage(bytes, { height: 8, width: 8, maxPixels, decoder, orientation: 'exif', origin: 'some file' });
  const isRead = (kind: string) => decoder === 'sharp' || !/AVIF|WebP/.test(kind);

  it.each(kinds)('reads %s, and names the file if it ends early', async (kind) => {
    const bytes = files.get(kind)!;
    if (isRead(kind)) expect((await decode(bytes)).data.length).toBe(8 * 8 * 3);
    for (const part of [0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9]) {
      const result = decode(bytes.subarray(0, Math.floor(part * bytes.length)));
      await expect(result).rejects.toThrow(DataError);
      await expect(result).rejects.toThrow(/^some file: /);
    }
  });

  it.each(kinds)('returns an image or a DataError for changed bytes of %s', async (kind) => {
    const bytes = files.get(kind)!;
    // Most of the changes in the header.
    const place = fc.oneof(fc.nat(Math.min(120, bytes.length - 1)), fc.nat(bytes.length - 1));
    const change = fc.tuple(
      place,
      fc.constantFrom(0, 1, 127, 128, 255).chain((value) => fc.oneof(fc.constant(value), fc.nat(255))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        try {
          expect((await decode(damaged)).data.length).toBe(8 * 8 * 3);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: inject('long') ? 5000 : 60 },
    );
  });
});

describe('small files that claim 8000 × 8000 pixels are truncated, and allocate no memory for them', () => {
  const side = [0x1f, 0x40];
  const claims: [string, (bytes: Uint8Array) => void][] = [
    ['BMP', (bytes) => bytes.set([0x40, 0x1f, 0, 0, 0x40, 0x1f], 18)],
    ['GIF: interlaced', (bytes) => setFrameSize(bytes, 0x2c, 5, [0x40, 0x1f, 0x40, 0x1f])],
    ['JPEG: progressive', (bytes) => setFrameSize(bytes, 0xc2, 4, [...side, ...side])],
    ['TIFF: LZW', (bytes) => setTiffSize(bytes)],
  ];
  it.each(claims)('%s', async (kind, claim) => {
    const bytes = files.get(kind)!.slice();
    claim(bytes);
    expect(readImageHeader(bytes)).toMatchObject({ height: 8000, width: 8000 });
    const before = process.memoryUsage().arrayBuffers;
    const result = decodeImage(bytes, { height: 8, width: 8, decoder: 'javascript' });
    await expect(result).rejects.toThrow(/truncated|missing|no possible size/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32e6);
  });
});

/** Writes `values` at an offset from the `marker` of the frame. */
function setFrameSize(bytes: Uint8Array, marker: number, offset: number, values: number[]): void {
  // In GIF after a block that ends, at the upper left of the screen; in JPEG after 0xff.
  const around = marker === 0x2c ? [0, marker, 0, 0, 0, 0] : [0xff, marker];
  const at = bytes.findIndex((_, place) =>
    around.every((value, index) => bytes[place - 1 + index] === value),
  );
  bytes.set(values, at + offset);
}

/** Writes 8000 as width and height of a TIFF file with short numbers. */
function setTiffSize(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const start = view.getUint32(4, true);
  for (const entry of [start + 2, start + 14]) {
    expect([256, 257]).toContain(view.getUint16(entry, true));
    view.setUint32(entry + 8, 8000, true);
  }
}
