import { DataError } from '@openset/core';
import type { PixelImage } from '@openset/data';
import { expect, it } from 'vitest';
import { batchCrops } from './batch-crops.ts';

const crop = (value: number): PixelImage => ({
  data: Uint8Array.of(value),
  height: 1,
  width: 1,
  channels: 1,
});

/** Embeds a crop as its value, or fails by its value, and records the batches. */
function recordingEmbed() {
  const batches: number[][] = [];
  const embed = async (crops: readonly PixelImage[]) => {
    const values = crops.map(({ data }) => data[0]!);
    batches.push(values);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (values.includes(13)) throw new DataError('no direction');
    if (values.includes(99)) throw new TypeError('a bug');
    return values.map((value) => Float32Array.of(value));
  };
  return { embed, batches };
}

it('embeds together what waits, up to the size, and gives each caller its own', async () => {
  const { embed, batches } = recordingEmbed();
  const batcher = batchCrops(embed, { size: 3, wait: 0 }, () => true);
  const embeddings = await Promise.all([1, 2, 3, 4, 5].map((value) => batcher.embed(crop(value))));
  expect(embeddings).toEqual([1, 2, 3, 4, 5].map((value) => Float32Array.of(value)));
  expect(batches).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

it('collects what arrives during a batch into the next', async () => {
  const { embed, batches } = recordingEmbed();
  const batcher = batchCrops(embed, { size: 8, wait: 0 }, () => false);
  const first = batcher.embed(crop(1));
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, batcher.embed(crop(2)), batcher.embed(crop(3))]);
  expect(batches).toEqual([[1], [2, 3]]);
});

it('waits for photos that are being decoded, but not if there is none', async () => {
  const { embed, batches } = recordingEmbed();
  let isMoreExpected = true;
  const batcher = batchCrops(embed, { size: 8, wait: 50 }, () => isMoreExpected);
  const early = batcher.embed(crop(1));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(batches).toEqual([]);
  isMoreExpected = false;
  await Promise.all([early, batcher.embed(crop(2))]);
  expect(batches).toEqual([[1, 2]]);
  isMoreExpected = true;
  await batcher.embed(crop(3));
  expect(batches).toEqual([[1, 2], [3]]);
});

it('gives a crop without a direction its error, and the others their embeddings', async () => {
  const { embed } = recordingEmbed();
  const batcher = batchCrops(embed, { size: 8, wait: 0 }, () => false);
  const results = await Promise.all([1, 13, 2].map((value) => batcher.embed(crop(value))));
  expect(results).toEqual([Float32Array.of(1), expect.any(DataError), Float32Array.of(2)]);
});

it('rejects a batch that fails otherwise, and goes on', async () => {
  const { embed } = recordingEmbed();
  const batcher = batchCrops(embed, { size: 2, wait: 0 }, () => false);
  const results = await Promise.allSettled([1, 99, 2].map((value) => batcher.embed(crop(value))));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});
