import { Worker } from 'node:worker_threads';
import { ConfigError } from '@openset/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { asJpeg, gradient } from '../images/__fixtures__/sample-images.ts';
import type { ImageSource } from '../source.ts';
import { arraySource, fileSource } from './__fixtures__/array-source.ts';
import type { Batch } from './batch.ts';
import { createLoader as createLoaderAnywhere } from './create-loader.ts';
import { createLoader, type NodeLoaderOptions } from './create-node-loader.ts';
import { type Loader, PrefetchingLoader } from './loader.ts';
import { WorkerError } from './loader-errors.ts';
import { resolveLoaderOptions } from './loader-options.ts';
import { startWorker, WorkerPool } from './worker-pool.ts';

const count = 23;
const imageBytes = 8 * 8 * 3;
const options = {
  batchSize: 5,
  height: 8,
  width: 8,
  seed: 4,
  epochs: 4,
  augment: [
    { kind: 'pad-crop', padding: 2 },
    { kind: 'color-jitter', brightness: 0.4 },
    { kind: 'cutout', size: 3 },
    { kind: 'horizontal-flip' },
  ],
} as const satisfies Partial<NodeLoaderOptions>;

async function collect(loader: Loader): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

describe('cacheBytes', () => {
  let files: Uint8Array[];
  let expected: Batch[];
  beforeAll(async () => {
    files = await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const image = gradient(9 + (index % 5), 12);
        return asJpeg({ ...image, data: image.data.map((value) => (value + 10 * index) % 256) });
      }),
    );
    expected = await collect(createLoader(fileSource(files), { ...options, workers: 0 }));
  });

  it.each([
    ['all images', count, 0],
    ['all images', count, 2],
    ['a third of them', 8, 0],
    ['a third of them', 8, 2],
    ['one image', 1, 1],
  ])('gives the same batches with memory for %s (%i), %i workers', async (_, images, workers) => {
    const reads: number[] = [];
    const source = fileSource(files, { onGet: (index) => void reads.push(index) });
    const loader = createLoader(source, { ...options, workers, cacheBytes: images * imageBytes });
    expect(await collect(loader)).toEqual(expected);
    // The probe, all images in the first epoch, and those without memory in the others. A batch ahead may read an image
    // whose pixels are still being decoded.
    const least = 1 + count + 3 * (count - images);
    expect(reads.length).toBeGreaterThanOrEqual(least);
    expect(reads.length).toBeLessThanOrEqual(least + 3 * options.batchSize);
  });

  it('gives the same batches outside of Node', async () => {
    const source = fileSource(files);
    const cached = createLoaderAnywhere(source, { ...options, cacheBytes: count * imageBytes });
    expect(await collect(cached)).toEqual(await collect(createLoaderAnywhere(source, options)));
  });

  it('serves later iterations of the same loader, also after a loop that was left early', async () => {
    let reads = 0;
    const source = fileSource(files, { onGet: () => void reads++ });
    const { epochs: _, ...endless } = options;
    const loader = createLoader(source, { ...endless, workers: 1, cacheBytes: 2 ** 20 });
    const batches: Batch[] = [];
    for await (const batch of loader) {
      batches.push(batch);
      if (batches.length === 2) break;
    }
    batches.push(...(await collect(loader)), ...(await collect(loader)));
    const inFirstTwo = reads;
    batches.push(...(await collect(loader)), ...(await collect(loader)));
    expect(batches).toEqual(expected);
    expect(reads).toBe(inFirstTwo);
  });

  it('does not change what a run gives that resumes in the middle of an epoch', async () => {
    const cacheBytes = 15 * imageBytes;
    for (const steps of [3, 7]) {
      const interrupted = createLoader(fileSource(files), { ...options, workers: 1, cacheBytes });
      const iterator = interrupted[Symbol.asyncIterator]();
      for (let step = 0; step < steps; step++) await iterator.next();
      const start = interrupted.state();
      await iterator.return();
      const resumed = createLoader(fileSource(files), { ...options, workers: 0, cacheBytes, start });
      expect(await collect(resumed)).toEqual(expected.slice(steps));
    }
  });

  it('does not notice changes of files in memory', async () => {
    const changing = files.slice();
    const loader = createLoader(fileSource(changing), { ...options, workers: 0, cacheBytes: 2 ** 20 });
    const batches: Batch[] = [];
    for await (const batch of loader) {
      batches.push(batch);
      if (batch.epoch === 1) changing.fill(Uint8Array.of(1, 2, 3));
    }
    expect(batches).toEqual(expected);
  });

  it.each([0, 1])('reports bad records in every epoch, %i workers', async (workers) => {
    const source = fileSource(files, { damaged: [3, 11], unreadable: [5] });
    const common = { ...options, workers, onBadRecord: 'skip' } as const;
    const plain = createLoader(source, common);
    const batches = await collect(plain);
    const cached = createLoader(source, { ...common, cacheBytes: count * imageBytes });
    expect(await collect(cached)).toEqual(batches);
    expect(cached.counters).toEqual(plain.counters);
    const counts = ({ badRecords }: Loader) =>
      [...badRecords].sort((a, b) => a.index - b.index).map(({ index, count: times }) => [index, times]);
    expect(counts(cached)).toEqual(counts(plain));
    expect(counts(cached).map(([index]) => index)).toEqual([3, 5, 11]);
  });

  it('leaves raw images to their source', async () => {
    let reads = 0;
    const source = arraySource(6, { onGet: () => void reads++ });
    const raw = { batchSize: 3, height: 2, width: 2, channels: 1, workers: 0, shuffle: false } as const;
    await collect(createLoader(source, { ...raw, epochs: 2, cacheBytes: 2 ** 20 }));
    // The probe and two epochs.
    expect(reads).toBe(13);
  });

  it('keeps nothing of chunks whose thread dies', async () => {
    const source: ImageSource = fileSource(files);
    const resolved = resolveLoaderOptions(source, { ...options, cacheBytes: 2 ** 20 });
    const allocated: SharedArrayBuffer[] = [];
    let isBroken = true;
    // Writes into the memory of its first image and dies.
    const code = `require("node:worker_threads").parentPort.on("message", ({ items }) => {
      items[0].keep.fill(77);
      process.exit(3);
    })`;
    const loader = new PrefetchingLoader(source, resolved, {
      start: async (recipe) =>
        new WorkerPool(1, { recipe, decoderOptions: {} }, (setup) =>
          isBroken ? new Worker(code, { eval: true }) : startWorker(setup),
        ),
      allocate: (bytes) => {
        allocated.push(new SharedArrayBuffer(bytes));
        return allocated.at(-1)!;
      },
      prepare: async () => [],
    });
    await expect(collect(loader)).rejects.toThrow(WorkerError);
    expect(new Uint8Array(allocated[0]!)).toContain(77);
    isBroken = false;
    expect(await collect(loader)).toEqual(expected);
    expect(allocated).toHaveLength(1);
  });

  it('is checked', () => {
    const make = (cacheBytes: number) => () => createLoader(fileSource(files), { ...options, cacheBytes });
    expect(make(-1)).toThrow(ConfigError);
    expect(make(Number.NaN)).toThrow(/cacheBytes/);
    expect(make(Number.POSITIVE_INFINITY)).toThrow(ConfigError);
  });
});
