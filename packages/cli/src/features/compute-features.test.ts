import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { TinySplitBackbone } from '../__fixtures__/split-backbone.ts';
import { type FeatureOptions, openFeatures } from './compute-features.ts';
import { readFeatures } from './feature-source.ts';

const raw = { height: 4, width: 4, channels: 1 };
/** Image `value` has the value in its upper left corner. */
const pixels = (value: number) => Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? value : 0));

/** Returns a set of grey images; null is an image that cannot be read. */
function imageSet(images: readonly (number | null)[]): ImageSource {
  return {
    size: images.length,
    classNames: ['Ada', 'Bob'],
    labels: Int32Array.from(images, (_, index) => index % 2),
    origin: (index) => `${index}.png`,
    async get(index) {
      const value = images[index]!;
      if (value === null) throw new DataError(`${index}.png: no file`);
      return { bytes: pixels(value), raw, label: index % 2, origin: `${index}.png` };
    },
    close: async () => {},
  };
}

let folder: string;
let backbone: TinySplitBackbone;
const open = (images: readonly (number | null)[], options: Partial<FeatureOptions> = {}) =>
  openFeatures(imageSet(images), backbone, {
    reading: {},
    cache: folder,
    variants: 2,
    output: recordOutput(),
    ...options,
  });

beforeEach(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'openset-test-'));
  backbone = new TinySplitBackbone();
});
afterEach(async () => {
  backbone.dispose();
  await rm(folder, { recursive: true });
});

it('returns the features of images and of their mirror images', async () => {
  const { source } = await open([255, 0]);
  const features = readFeatures(await source.get(0));
  // White is 1, black is −1: sums of two pixels of a row, left and right.
  expect([...features]).toEqual([0, -2, -2, -2, -2, -2, -2, -2, -2, 0, -2, -2, -2, -2, -2, -2]);
  expect([...readFeatures(await source.get(1))]).toEqual(new Array(16).fill(-2));
  expect([source.size, source.featureSize, source.variants]).toEqual([2, 8, 2]);
  expect(await source.get(1)).toMatchObject({ label: 1, origin: '1.png' });
  await source.close();
});

it('computes each image once, whatever its place in the set', async () => {
  const first = await open([10, 20, 30]);
  expect(first).toMatchObject({ computed: 3, reused: 0 });
  expect(backbone.computed).toBe(6);
  const second = await open([40, 30, 10]);
  expect(second).toMatchObject({ computed: 1, reused: 2 });
  expect(backbone.computed).toBe(8);
  expect([...(await second.source.get(2)).bytes]).toEqual([...(await first.source.get(0)).bytes]);
  expect([...(await second.source.get(1)).bytes]).toEqual([...(await first.source.get(2)).bytes]);
  await first.source.close();
  await second.source.close();
});

it('computes again for other weights, another backend or another orientation', async () => {
  await (await open([10])).source.close();
  const other = new TinySplitBackbone({ factor: 2 });
  const options = { reading: {}, cache: folder, variants: 2, output: recordOutput() } as const;
  const opened = await openFeatures(imageSet([10]), other, options);
  expect(opened.computed).toBe(1);
  await opened.source.close();
  other.dispose();
  const ignored = await open([10], { reading: { orientation: 'ignore' } });
  expect(ignored.computed).toBe(1);
  await ignored.source.close();
});

it('tells images from images with the same bytes and another shape', async () => {
  const wide: ImageSource = {
    ...imageSet([10]),
    get: async () => ({
      bytes: pixels(10),
      raw: { height: 2, width: 8, channels: 1 },
      label: 0,
      origin: 'wide.png',
    }),
  };
  await (await open([10])).source.close();
  const options = { reading: {}, cache: folder, variants: 1, output: recordOutput() } as const;
  const opened = await openFeatures(wide, backbone, options);
  expect(opened.computed).toBe(1);
  await opened.source.close();
});

it('finds the features of crops by the images, and crops only the others', async () => {
  const cropped: number[] = [];
  const crops = {
    facts: { crop: 'upper' },
    crop: (images: ImageSource): ImageSource => ({
      ...images,
      async get(index) {
        const record = await images.get(index);
        cropped.push(record.bytes[0]!);
        return { ...record, bytes: pixels(255 - record.bytes[0]!) };
      },
    }),
  };
  await (await open([255, 10])).source.close();
  const first = await open([255], { crops });
  expect(first.computed).toBe(1);
  // The crop is black.
  expect(readFeatures(await first.source.get(0))[0]).toBe(-2);
  const second = await open([30, 255], { crops });
  expect(second).toMatchObject({ computed: 1, reused: 1 });
  expect(cropped).toEqual([255, 30]);
  await first.source.close();
  await second.source.close();
});

it('reads features from disk if they do not fit into memory', async () => {
  const inMemory = await open([10, 20, 30]);
  const onDisk = await open([30, 20, 10, 40], { memory: 0 });
  expect(onDisk).toMatchObject({ computed: 1, reused: 3 });
  for (const index of [0, 1, 2]) {
    expect([...(await onDisk.source.get(index)).bytes]).toEqual([
      ...(await inMemory.source.get(2 - index)).bytes,
    ]);
  }
  await inMemory.source.close();
  await onDisk.source.close();
});

it('computes damaged features again', async () => {
  const before = await open([10, 20]);
  const bytes = [...(await before.source.get(0)).bytes];
  await before.source.close();
  const [features] = await readdir(join(folder, 'features'));
  const names = await readdir(join(folder, 'features', features!));
  const path = join(folder, 'features', features!, names.find((name) => name.endsWith('.rows'))!);
  const rows = await readFile(path);
  rows[1]! ^= 255;
  await writeFile(path, rows);
  const after = await open([10, 20]);
  expect(after).toMatchObject({ computed: 1, reused: 1 });
  expect([...(await after.source.get(0)).bytes]).toEqual(bytes);
  await after.source.close();
});

it('keeps the place of images that cannot be read', async () => {
  const { source, badRecords, computed, hashes } = await open([10, null, 10]);
  expect(badRecords).toMatchObject([{ index: 1, origin: '1.png' }]);
  expect(computed).toBe(2);
  await expect(source.get(1)).rejects.toThrow(DataError);
  await expect(source.get(3)).rejects.toThrow(RangeError);
  expect([...(await source.get(2)).bytes]).toEqual([...(await source.get(0)).bytes]);
  expect(hashes.groups()).toEqual([[0, 2]]);
  await source.close();
});

it.each([undefined, 0])('keeps nothing without a cache, with %s bytes of memory', async (memory) => {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  try {
    for (const _ of [1, 2]) {
      const { source, computed } = await open([10, 255], {
        cache: 'off',
        ...(memory === 0 ? { memory } : {}),
      });
      expect(computed).toBe(2);
      expect(readFeatures(await source.get(1))[0]).toBe(0);
      expect(readFeatures(await source.get(1))[9]).toBe(0);
      await source.close();
    }
    expect(await readdir(folder)).toEqual([]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

it('says how many features it reused', async () => {
  await (await open([10])).source.close();
  const output = recordOutput();
  await (await open([10, 20, 30], { output })).source.close();
  expect(output.lines).toContain('features: 2 computed, 1 reused');
});

it('stops when the signal is aborted', async () => {
  const reason = new Error('stopped');
  await expect(open([10], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('leaks no tensors', async () => {
  await (await open([1])).source.close();
  const { numTensors } = tf.memory();
  await (await open([1, 2, 3])).source.close();
  expect(tf.memory().numTensors).toBe(numTensors);
});
