import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import {
  avifFile,
  contentOf,
  endOf,
  gridFile,
  streamOf,
  tenBitFile,
  withClaimedSize,
  withQuarterTurn,
} from './__fixtures__/avif-files.ts';
import { readImageHeader } from './image-header.ts';

let large: Uint8Array;
beforeAll(async () => {
  large = await avifFile(2000, 1500);
});

describe('honest AVIF files have the size of their box', () => {
  it.each([
    ['odd sides', 33, 71, {}],
    ['one pixel', 1, 1, {}],
    ['transparency', 64, 48, { alpha: 0.5 }],
    ['4:4:4', 61, 47, { chromaSubsampling: '4:4:4' }],
    ['4:2:0', 61, 47, { chromaSubsampling: '4:2:0' }],
    ['lossless', 40, 30, { lossless: true }],
    ['a long side', 5000, 3, {}],
  ])('%s', async (_, width, height, options) => {
    const file = await avifFile(width, height, options);
    expect(readImageHeader(file)).toMatchObject({ format: 'avif', width, height });
    expect(await sharp(file).metadata()).toMatchObject({ width, height });
  });

  it('10 bits', () => {
    expect(readImageHeader(tenBitFile)).toMatchObject({ format: 'avif', width: 21, height: 12 });
  });

  it('a quarter turn, in irot', async () => {
    const turned = withQuarterTurn(await avifFile(60, 40));
    expect(readImageHeader(turned)).toMatchObject({ width: 40, height: 60 });
    expect(await sharp(turned).metadata()).toMatchObject({ width: 40, height: 60 });
  });

  it('a grid, also with tiles that are wider than it', async () => {
    const tile = await avifFile(64, 64);
    const size = { tile: [64, 64], rows: 2, columns: 3 } as const;
    for (const [width, height] of [
      [192, 128],
      [170, 101],
    ] as const) {
      const file = gridFile(tile, { box: [width, height], grid: [width, height], ...size });
      expect(readImageHeader(file)).toMatchObject({ format: 'avif', width, height });
      expect((await sharp(file).raw().toBuffer({ resolveWithObject: true })).info).toMatchObject({
        width,
        height,
      });
    }
  });
});

describe('a file whose box claims less than is decoded has the size that is decoded', () => {
  const decoded = { format: 'avif', width: 2000, height: 1500 };

  it('in its stream', () => {
    expect(readImageHeader(withClaimedSize(large, 100, 100))).toMatchObject(decoded);
    expect(readImageHeader(withClaimedSize(large, 1999, 1500))).toMatchObject(decoded);
    expect(readImageHeader(withClaimedSize(large, 2001, 1500))).toMatchObject({ width: 2001, height: 1500 });
  });

  it('in its stream, whatever the box claims', () => {
    const side = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        const found = readImageHeader(withClaimedSize(large, width, height))!;
        expect(found.width * found.height).toBe(Math.max(2000 * 1500, width * height));
      }),
      {
        examples: [
          [0, 0],
          [3000, 1000],
          [1, 3_000_001],
        ],
      },
    );
  });

  it('in the stream of its transparency', async () => {
    const file = await avifFile(2000, 1500, { alpha: 0.5 });
    // The stream of the image comes second here; its sequence header says 2000 × 1500, too.
    const header = Buffer.from(file).indexOf(Buffer.from([0x12, 0x00, 0x0a]));
    const second = Buffer.from(file).indexOf(Buffer.from([0x12, 0x00, 0x0a]), header + 3);
    expect(second).toBeGreaterThan(header);
    for (const at of [header, second]) {
      const damaged = withClaimedSize(file, 100, 100);
      // The other one becomes padding.
      damaged[at + 2] = 0x7a;
      expect(readImageHeader(damaged)).toMatchObject(decoded);
    }
  });

  it('in a later part of its stream, whose first part is small', async () => {
    const small = await avifFile(100, 100);
    const streams = Buffer.concat([streamOf(small), streamOf(large)]);
    const file = Buffer.concat([small.subarray(0, contentOf(small, 'mdat')), streams]);
    file.writeUInt32BE(streams.length + 8, contentOf(small, 'mdat') - 8);
    // The last field of iloc is the length.
    const end = endOf(small, 'iloc');
    expect(file.readUInt32BE(end - 4)).toBe(streamOf(small).length);
    file.writeUInt32BE(streams.length, end - 4);
    expect(readImageHeader(file)).toMatchObject(decoded);
  });

  it('in the configuration of its codec', async () => {
    const small = await avifFile(100, 100);
    const at = contentOf(small, 'av1C') - 8;
    const header = streamOf(large).subarray(2, 2 + 2 + streamOf(large)[3]!);
    const file = Buffer.concat([small.subarray(0, at + 12), header, small.subarray(at + 12)]);
    for (const name of ['av1C', 'ipco', 'iprp', 'meta']) {
      const length = contentOf(file, name) - 8;
      file.writeUInt32BE(file.readUInt32BE(length) + header.length, length);
    }
    expect(readImageHeader(file)).toMatchObject(decoded);
  });

  it('in a grid, and in its tiles', async () => {
    const tile = await avifFile(64, 64);
    const grid = { grid: [100, 100], tile: [64, 64], rows: 2, columns: 2 } as const;
    expect(readImageHeader(gridFile(tile, { ...grid, box: [100, 100], grid: [6000, 5000] }))).toMatchObject({
      width: 6000,
      height: 5000,
    });
    expect(readImageHeader(gridFile(large, { ...grid, box: [100, 100] }))).toMatchObject({
      width: 4000,
      height: 3000,
    });
    // One small tile, many times.
    const many = { ...grid, box: [100, 100], rows: 50, columns: 20 } as const;
    expect(readImageHeader(gridFile(tile, many))).toMatchObject({ width: 1280, height: 3200 });
  });
});

it('refuses images that are derived in other ways, and files that contradict themselves', async () => {
  const tile = await avifFile(64, 64);
  const grid = { box: [64, 64], grid: [64, 64], tile: [64, 64], rows: 1, columns: 1 } as const;
  expect(readImageHeader(gridFile(tile, grid))).toMatchObject({ width: 64, height: 64 });
  for (const type of ['iovl', 'iden', 'tmap']) {
    expect(readImageHeader(gridFile(tile, { ...grid, type }))).toBeNull();
  }
  const meta = tile.subarray(contentOf(tile, 'meta') - 8, contentOf(tile, 'mdat') - 8);
  expect(readImageHeader(Buffer.concat([tile, meta]))).toBeNull();
});

it('keeps the size of the box if the stream is cut off', () => {
  const cut = withClaimedSize(large, 100, 100).subarray(0, contentOf(large, 'mdat') + 3);
  expect(readImageHeader(cut)).toMatchObject({ width: 100, height: 100 });
});

it('returns a header or null for changed and truncated files', async () => {
  const files = [
    await avifFile(64, 48, { alpha: 0.5 }),
    gridFile(await avifFile(64, 64), {
      box: [128, 64],
      grid: [128, 64],
      tile: [64, 64],
      rows: 1,
      columns: 2,
    }),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.nat(255))), {
        maxLength: 5,
      }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (file, changes, share, isTruncated) => {
        const damaged = isTruncated ? file.slice(0, Math.floor(share * file.length)) : file.slice();
        for (const [at, value] of changes) if (damaged.length > 0) damaged[at % damaged.length] = value;
        const header = readImageHeader(damaged);
        if (header) expect([header.height, header.width].every(Number.isSafeInteger)).toBe(true);
      },
    ),
    { numRuns: inject('long') ? 100_000 : 3000 },
  );
});

it('refuses tables that refer to their own bytes again and again', () => {
  // References whose count exceeds their box, in a file of 1 MB.
  const reference = [0, 0, 0, 14, ...Buffer.from('dimg'), 0, 1, 255, 255, 0, 1];
  const references = Array.from({ length: 60_000 }, () => reference).flat();
  const long = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  const box = (name: string, ...content: number[][]) => {
    const bytes = content.flat();
    return [...long(bytes.length + 8), ...Buffer.from(name), ...bytes];
  };
  const size = box('ispe', [0, 0, 0, 0], long(8), long(8));
  const meta = [
    box('pitm', [0, 0, 0, 0, 0, 1]),
    box('iref', [0, 0, 0, 0], references),
    box('iprp', box('ipco', size), box('ipma', [0, 0, 0, 0], long(1), [0, 1, 1, 1])),
  ];
  const start = box('ftyp', [...Buffer.from('avif')], [0, 0, 0, 0]);
  expect(readImageHeader(Uint8Array.from([...start, ...box('meta', [0, 0, 0, 0], ...meta)]))).toBeNull();
  meta.splice(1, 1);
  expect(readImageHeader(Uint8Array.from([...start, ...box('meta', [0, 0, 0, 0], ...meta)]))).toMatchObject({
    width: 8,
    height: 8,
  });
});
