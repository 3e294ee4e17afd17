import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import type { ImageSource } from '../source.ts';
import { createLoader } from './create-node-loader.ts';
import { decodeIntoMemory } from './decode-into-memory.ts';

const raw = { height: 2, width: 2, channels: 1 };

const source = (get: ImageSource['get']): ImageSource => ({
  size: 70,
  classNames: ['even', 'odd'],
  labels: Int32Array.from({ length: 70 }, (_, index) => index % 2),
  get,
  close: async () => {},
});

const images = source(async (index) => ({
  bytes: Uint8Array.of(index, 255, 0, 7),
  raw,
  label: index % 2,
  origin: `image ${index}`,
}));

it('preserves the pixels, and thereby every batch', async () => {
  const size = { height: 2, width: 2, channels: 1, workers: 0 } as const;
  const progress: number[] = [];
  const memory = await decodeIntoMemory(images, { ...size, onProgress: (done) => progress.push(done) });
  expect(progress).toEqual([64, 70]);
  expect(await memory.get(69)).toMatchObject({ bytes: Uint8Array.of(69, 255, 0, 7), raw, label: 1 });
  await expect(memory.get(70)).rejects.toThrow(RangeError);
  const options = { ...size, batchSize: 16, seed: 3, augment: [{ kind: 'horizontal-flip' }] } as const;
  const read = async (set: ImageSource) => {
    const batches: Float32Array[] = [];
    for await (const { images } of createLoader(set, options)) batches.push(images.slice());
    return batches;
  };
  expect(await read(memory)).toEqual(await read(images));
});

it("keeps the index of every image with 'skip', and rejects bad ones", async () => {
  const bad = [0, 1, 63, 64, 69];
  const some = source(async (index) => {
    if (bad.includes(index)) throw new DataError(`file ${index}: is gone.`);
    return images.get(index);
  });
  const done: number[] = [];
  const memory = await decodeIntoMemory(some, {
    ...{ height: 2, width: 2, channels: 1, workers: 0, onBadRecord: 'skip' },
    onProgress: (count) => done.push(count),
  });
  expect(done).toEqual([64, 70]);
  expect(memory.badRecords.map(({ index }) => index)).toEqual(bad);
  expect(memory.labels).toEqual(images.labels);
  for (let index = 0; index < 70; index++) {
    const expected = { bytes: Uint8Array.of(index, 255, 0, 7), label: index % 2 };
    if (!bad.includes(index)) expect(await memory.get(index)).toMatchObject(expected);
    else await expect(memory.get(index)).rejects.toThrow(new DataError(`file ${index}: is gone.`));
  }
});

it("lists all images with 'skip' if none is good", async () => {
  const none = source(async (index) => ({ bytes: Uint8Array.of(1), label: 0, origin: `file ${index}` }));
  const memory = await decodeIntoMemory(none, { height: 2, width: 2, workers: 0, onBadRecord: 'skip' });
  expect(memory.badRecords).toHaveLength(70);
});

it('names an image that cannot be decoded', async () => {
  const broken = source(async (index) => ({ bytes: Uint8Array.of(1, 2), label: 0, origin: `file ${index}` }));
  const promise = decodeIntoMemory(broken, { height: 2, width: 2, workers: 0 });
  await expect(promise).rejects.toThrow(DataError);
  await expect(promise).rejects.toThrow('file 0');
});
