import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DecodeOptions, type LoaderOptions, resizeImage } from '@openset/data';
import { createLoader, decodeImage, openRecordIO, RecordIOWriter } from '@openset/data/node';
import type { Face } from '@openset/faces';
import { openFaceDetector } from '@openset/faces/node';
import * as tf from '@tensorflow/tfjs-core';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bmpFile } from '../packages/data/src/images/__fixtures__/bmp-file.ts';
import { largestDifference } from '../packages/data/src/images/__fixtures__/sample-images.ts';
import {
  compareSizes,
  expectedPixels,
  trickyImages,
} from '../packages/data/src/images/__fixtures__/tricky-images.ts';
import type {} from './browser/page.ts';
import { findChromium } from './support/browser.ts';
import { openPage } from './support/open-page.ts';
import { rootFolder } from './support/workspace.ts';

const chromium = findChromium();
if (!chromium)
  console.warn('No Chromium found: nothing is tested in a browser. Set OPENSET_CHROMIUM to its path.');

// Continuous integration installs it; elsewhere a machine without a browser can still pass the tests.
describe.runIf(chromium !== undefined || process.env.CI)('in Chromium', () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openPage(chromium as string, 'index.html'));
  });

  afterAll(() => close?.());

  /** Whether every case runs on a backend. */
  const runsAll = (backend: string) => inject('long') || !backend.startsWith('webg');
  // Not every browser has WebGPU; the one of continuous integration does, in software.
  const runCases = (backend: string, cases: readonly LossCase[]) =>
    page.evaluate(([name, text]) => inBrowser.runOn(name, text), [
      backend,
      JSON.stringify({ cases }),
    ] as const);

  it.for(['cpu', 'wasm', 'webgl', 'webgpu'])(
    'the losses meet the reference values on %s',
    async (backend, { skip }) => {
      const { cases } = readCases('losses.json');
      // In software, GPUs take long for each case: they compile programs for every shape. So each case runs on one of the two.
      const chosen = cases.filter(
        (_, index) => runsAll(backend) || index % 2 === Number(backend === 'webgpu'),
      );
      const report = await runCases(backend, chosen);
      if (report.backend === 'none' && backend === 'webgpu' && !process.env.CI)
        skip('this browser has no WebGPU');
      expect(report).toMatchObject({ backend, passed: chosen.length, failed: [] });
      expect(chosen.length).toBe(runsAll(backend) ? 52 : 26);
      // At the first class's axis the negatives have the cosines 0 and −1, at the second 0 and 0, at the third 0 and −1.
      const starts = [Math.log(1 + Math.exp(-4)), Math.log(2), Math.log(1 + Math.exp(-4))];
      expect(report.threshold).toBeCloseTo(starts.reduce((sum, start) => sum + start / 3, 0) / 4, 4);
    },
  );

  it.for(['cpu', 'wasm', 'webgl', 'webgpu'])(
    'more losses meet the reference values, row by row, on %s',
    { timeout: 600_000 },
    async (backend, { skip }) => {
      const { cases } = readCases('more-losses.json');
      const names = [...new Set(cases.map(({ loss }) => loss))];
      // One case of each loss on WebGPU, and of every second loss on WebGL, which takes five times as long.
      const firsts = names
        .filter((_, index) => backend === 'webgpu' || index % 2 === 0)
        .map((name) => cases.find(({ loss }) => loss === name)!);
      const chosen = runsAll(backend) ? cases : firsts;
      const report = await runCases(backend, chosen);
      if (report.backend === 'none' && backend === 'webgpu' && !process.env.CI)
        skip('this browser has no WebGPU');
      expect(report).toMatchObject({ backend, passed: chosen.length, failed: [] });
      expect(chosen.length).toBe(runsAll(backend) ? 69 : backend === 'webgpu' ? 13 : 7);
    },
  );

  it('onnxruntime-web computes the embeddings of a network', async () => {
    const { difference, lengths, largest } = await page.evaluate(() => inBrowser.embedWithOnnxRuntime());
    expect(lengths).toEqual([8, 8, 8]);
    expect(largest).toBeLessThan(1e-4);
    expect(difference.value).toBeLessThan(1e-4);
  });

  it('the losses meet the reference values on wasm with 1 and with 2 threads', async () => {
    const fixtures = readFileSync(join(rootFolder, 'packages/cli/src/__fixtures__/losses.json'), 'utf8');
    const products: number[] = [];
    for (const threads of [1, 2]) {
      const { enabled, product } = await page.evaluate((count) => inBrowser.withThreads(count), threads);
      expect(enabled).toEqual({ threads, simd: true, relaxedSimd: true, sharedMemory: true, notes: [] });
      products.push(product);
      const report = await page.evaluate((text) => inBrowser.runOn('wasm', text), fixtures);
      expect(report).toMatchObject({ backend: 'wasm', passed: 52, failed: [] });
    }
    expect(products[1]).toBe(products[0]);
  });

  it.each(['wasm', 'webgl'])('a face is found as in Node, on %s', async (backend) => {
    const file = readFileSync(join(rootFolder, 'node_modules/@vladmandic/face-api/demo/sample6.jpg'));
    // One face, because shaders in software take seconds. Lossless, because decoders of JPEG differ in the last bit.
    const region = { left: 130, top: 360, width: 480, height: 480 };
    const photo = await sharp(file).extract(region).resize({ width: 240 }).png().toBuffer();
    const report = await page.evaluate(([name, base64]) => inBrowser.detectFaces(name, base64), [
      backend,
      toBase64(photo),
    ] as const);
    expect(report).toMatchObject({ backend, crop: [112, 112, 3], leaked: 0 });
    await tf.setBackend('wasm');
    const detector = await openFaceDetector();
    const expected = await detector.detect(await decodeImage(photo, { fit: 'none' }));
    detector.dispose();
    expect(expected).toHaveLength(1);
    expect(report.faces).toHaveLength(1);
    const [{ landmarks, quality }] = expected as [Face];
    const distances = report.faces[0]!.landmarks.map(([x, y], index) =>
      Math.hypot(x - landmarks[index]![0], y - landmarks[index]![1]),
    );
    // Half-precision textures move points a little.
    expect(Math.max(...distances)).toBeLessThan(0.03 * quality.eyeDistance);
  });

  describe('decodeImage returns the same pixels as sharp', () => {
    const decode = (file: Uint8Array, options: DecodeOptions) =>
      page.evaluate(([base64, how]) => inBrowser.decode(base64, how), [toBase64(file), options] as const);

    it.each(Object.entries(encoders))('for %s', async (_, encode) => {
      const file = await encode(photograph()).toBuffer();
      const expected = await decodeImage(file, { fit: 'none', decoder: 'sharp' });
      for (const [options, image] of [
        [{ fit: 'none' }, expected],
        [{ height: 31, width: 24 }, resizeImage(expected, { height: 31, width: 24 })],
      ] as const) {
        const { data = [], ...size } = await decode(file, options);
        expect(size).toEqual({ height: image.height, width: image.width });
        expect(largestDifference(data, image.data)).toBeLessThanOrEqual(1);
      }
    });

    it.each([
      ['24 bits', { depth: 24, bytes: 16 }],
      ['32 bits', { depth: 32, bytes: 20 }],
      ['a palette of 8 bits', { depth: 8, bytes: 8 }],
      ['a palette of 1 bit', { depth: 1, bytes: 4 }],
    ])('and in Node, for a BMP file of %s', async (_, { depth, bytes }) => {
      const [height, width] = [7, 5];
      const palette = Array.from({ length: 2 ** Math.min(depth, 8) }, (_, index) =>
        [3, 5, 7].map((factor) => (index * factor * 29 + 40) & 255),
      ) as [number, number, number][];
      const pixels = Array.from({ length: height * bytes }, (_, place) => (place * 83 + 17) & 255);
      const file = bmpFile({ height, width, depth, pixels, ...(depth <= 8 && { palette }) });
      const expected = await decodeImage(file, { fit: 'none' });
      const found = await decode(file, { fit: 'none' });
      expect(found).toEqual({ height, width, data: [...expected.data] });
      expect(new Set(found.data).size).toBeGreaterThan(1);
    });

    it('for transparency, palettes, 16 bits, CMYK, every format and every EXIF orientation', async () => {
      for (const image of await trickyImages()) {
        const orientations = image.orientation === 1 ? (['exif'] as const) : (['exif', 'ignore'] as const);
        const cases = orientations.flatMap((orientation) =>
          compareSizes.map((size) => ({ ...size, orientation })),
        );
        const reports = await page.evaluate(
          ([base64, all]) => Promise.all(all.map((options) => inBrowser.decode(base64, options))),
          [toBase64(image.bytes), cases] as const,
        );
        for (const [index, options] of cases.entries()) {
          const bySharp = await decodeImage(image.bytes, { ...options, decoder: 'sharp' });
          const expected = expectedPixels(image, options) ?? bySharp;
          const { height, width, data = [], error } = reports[index]!;
          const context = { name: image.name, ...options };
          expect({ ...context, error, height, width }).toMatchObject({
            error: undefined,
            height: expected.height,
            width: expected.width,
          });
          // sharp, with which JPEG is compared, resizes with less precision.
          const tolerance = image.tolerance + (options.fit !== 'none' && expected === bySharp ? 2 : 0);
          const difference = largestDifference(data, expected.data);
          if (difference > tolerance) expect({ ...context, difference }).toBeNull();
        }
      }
    });

    it('and rejects damaged or too large files with a DataError that names them', async () => {
      const [jpeg, png] = [await photograph().jpeg().toBuffer(), await photograph().png().toBuffer()];
      const flipped = Uint8Array.from(png, (byte, place) => (place === png.length >> 1 ? byte ^ 0xff : byte));
      const files = [jpeg.subarray(0, jpeg.length >> 1), jpeg.subarray(0, -2), png.subarray(0, -20), flipped];
      for (const file of [...files, Buffer.from('not an image'), new Uint8Array(0)]) {
        const { error } = await decode(file, { fit: 'none', origin: 'upload.jpg' });
        expect(error?.[0]).toBe('DataError');
        expect(error?.[1]).toMatch(/^upload.jpg: cannot decode the image: /);
      }
      const { error } = await decode(jpeg, { fit: 'none', maxPixels: 100 });
      expect(error).toEqual([
        'DataError',
        expect.stringContaining('48 × 64 pixels, more than the limit of 100'),
      ]);
    });
  });

  it('a loader returns the same batches of a record file as in Node, and reports damage', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'openset-browser-'));
    try {
      const path = join(folder, 'train.rec');
      const writer = await RecordIOWriter.create(path);
      for (let record = 0; record < 7; record++) {
        const file = await photograph(record).jpeg().toBuffer();
        await writer.add(record === 4 ? file.subarray(0, 300) : file, record % 3);
      }
      await writer.close();
      const options: LoaderOptions = {
        batchSize: 3,
        height: 48,
        width: 64,
        seed: 5,
        augment: [{ kind: 'pad-crop', padding: 3 }, { kind: 'horizontal-flip' }],
        onBadRecord: 'skip',
      };
      const source = await openRecordIO(path);
      const expected: { images: Float32Array; labels: Int32Array }[] = [];
      for await (const batch of createLoader(source, { ...options, workers: 0 })) expected.push(batch);
      await source.close();
      const found = await page.evaluate(([base64, how]) => inBrowser.load(base64, how), [
        toBase64(readFileSync(path)),
        options,
      ] as const);
      expect(found.badRecords).toEqual(['train.rec, record 4']);
      expect(found.batches.map(({ labels }) => labels)).toEqual(expected.map(({ labels }) => [...labels]));
      found.batches.forEach(({ images }, index) => {
        expect(largestDifference(images, expected[index]!.images)).toBeLessThan(2.01 / 127.5);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A case of a file of reference values. */
interface LossCase {
  readonly loss: string;
}

/** Reads a file of reference values. */
function readCases(name: string): { readonly cases: readonly LossCase[] } {
  return JSON.parse(readFileSync(join(rootFolder, 'packages/cli/src/__fixtures__', name), 'utf8'));
}

/** Returns an image of 64 × 48 pixels with waves of all lengths. The colours depend on the seed. */
function photograph(seed = 0): sharp.Sharp {
  const [height, width] = [48, 64];
  const data = Uint8Array.from({ length: height * width * 3 }, (_, place) => {
    const [x, y, channel] = [Math.floor(place / 3) % width, Math.floor(place / 3 / width), place % 3];
    const wave = Math.sin((x * (1 + seed)) / 9 + channel) * Math.cos((y * y) / 150 + seed);
    return 128 + 100 * wave + 20 * Math.sin(12.9898 * (x + 7 * y));
  });
  return sharp(data, { raw: { height, width, channels: 3 } });
}

/** Encoders of an image, by the kind of file that they write. */
const encoders: Readonly<Record<string, (image: sharp.Sharp) => sharp.Sharp>> = {
  'a JPEG file': (image) => image.jpeg({ quality: 90 }),
  'a JPEG file with full chroma': (image) => image.jpeg({ chromaSubsampling: '4:4:4' }),
  'a progressive JPEG file': (image) => image.jpeg({ progressive: true }),
  'a greyscale JPEG file': (image) => image.grayscale().jpeg(),
  'a JPEG file with a colour profile': (image) => image.withIccProfile('p3').jpeg(),
  'a JPEG file with an EXIF rotation': (image) => image.withMetadata({ orientation: 6 }).jpeg(),
  'a PNG file': (image) => image.png(),
  'a 16-bit PNG file': (image) => image.toColourspace('rgb16').png(),
  'a PNG file with an EXIF rotation': (image) => image.withMetadata({ orientation: 6 }).png(),
  'a half-transparent PNG file': (image) => image.ensureAlpha(0.5).png(),
  'a WebP file': (image) => image.webp({ lossless: true }),
  'a transparent WebP file': (image) => image.ensureAlpha(0.5).webp({ quality: 90 }),
  'an AVIF file': (image) => image.avif({ lossless: true, effort: 0 }),
  'a transparent AVIF file': (image) => image.ensureAlpha(0.5).avif({ lossless: true, effort: 0 }),
  'a TIFF file': (image) => image.tiff({ compression: 'lzw' }),
};

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
