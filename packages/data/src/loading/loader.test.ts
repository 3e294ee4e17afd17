import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ConfigError, DataError } from '@openset/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bmpFile } from '../images/__fixtures__/bmp-file.ts';
import { asJpeg, asPng, asSharp, gradient } from '../images/__fixtures__/sample-images.ts';
import { decodeWithoutSharp } from '../images/decode-image.ts';
import { orientImage } from '../images/orient-image.ts';
import type { PixelImage } from '../images/pixel-image.ts';
import type { ImageSource } from '../source.ts';
import { arraySource, fileSource } from './__fixtures__/array-source.ts';
import type { Batch } from './batch.ts';
import { createLoader as createLoaderAnywhere } from './create-loader.ts';
import { createLoader, type NodeLoaderOptions } from './create-node-loader.ts';
import { decodeIntoMemory } from './decode-into-memory.ts';
import { identitySampler } from './identity-sampler.ts';
import { type Loader, PrefetchingLoader } from './loader.ts';
import { WorkerError } from './loader-errors.ts';
import { resolveLoaderOptions } from './loader-options.ts';
import { prepareImages } from './prepare-images.ts';
import { startWorker, WorkerPool } from './worker-pool.ts';

const tiny = { batchSize: 4, height: 2, width: 2, channels: 1, workers: 0 } as const;

async function collect(loader: Loader): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

const indicesOf = (batches: readonly Batch[]) => batches.map(({ indices }) => [...indices]);
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

describe('createLoader', () => {
  it('delivers images, labels and their indices', async () => {
    const loader = createLoader(arraySource(6), { ...tiny, shuffle: false, normalize: { mean: 0, std: 1 } });
    expect(loader.batchesPerEpoch).toBe(2);
    expect(await collect(loader)).toEqual([
      {
        images: Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
        shape: [4, 2, 2, 1],
        labels: Int32Array.of(0, 1, 2, 0),
        indices: Int32Array.of(0, 1, 2, 3),
        epoch: 0,
        index: 0,
        numClasses: 3,
      },
      {
        images: Float32Array.of(4, 4, 4, 4, 5, 5, 5, 5),
        shape: [2, 2, 2, 1],
        labels: Int32Array.of(1, 2),
        indices: Int32Array.of(4, 5),
        epoch: 0,
        index: 1,
        numClasses: 3,
      },
    ]);
    expect(loader.counters).toEqual({ batches: 2, images: 6, skipped: 0 });
    expect(loader.state()).toEqual({ epoch: 1, batch: 0 });
  });

  it('turns images upright in this thread and in workers, and decodes every format there', async () => {
    const image = gradient(4, 6);
    const bmp = bmpFile({ width: 6, height: -4, depth: 24, pixels: bgrRows(image) });
    const turned = new Uint8Array(await asSharp(image).withMetadata({ orientation: 6 }).png().toBuffer());
    const size = { batchSize: 1, shuffle: false, normalize: { mean: 0, std: 1 }, fit: 'none' } as const;
    for (const workers of [0, 1]) {
      const upright = { ...size, workers, height: 6, width: 4, orientation: 'exif' } as const;
      const [first] = await collect(createLoader(fileSource([turned]), upright));
      expect(first?.images).toEqual(Float32Array.from(orientImage(image, 6).data));
      const stored = { ...size, workers, height: 4, width: 6 } as const;
      const batches = await collect(createLoader(fileSource([turned, bmp]), stored));
      for (const { images } of batches) expect(images).toEqual(Float32Array.from(image.data));
      const memory = await decodeIntoMemory(fileSource([turned]), { ...upright, workers });
      expect((await memory.get(0)).bytes).toEqual(orientImage(image, 6).data);
    }
  });

  it('delivers the same batches outside of Node', async () => {
    const { workers: _, ...options } = tiny;
    const source = arraySource(6);
    const portable = await collect(createLoaderAnywhere(source, { ...options, seed: 5 }));
    expect(portable).toEqual(await collect(createLoader(source, { ...tiny, seed: 5 })));
  });

  it('delivers one epoch per iteration, in a new order each time', async () => {
    const loader = createLoader(arraySource(20), tiny);
    const [first, second] = [await collect(loader), await collect(loader)];
    expect(first.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 0]);
    expect(second.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 1]);
    expect(indicesOf(first)).not.toEqual(indicesOf(second));
    for (const batches of [first, second]) {
      expect(sorted(indicesOf(batches).flat())).toEqual([...arraySource(20).labels.keys()]);
    }
  });

  it('delivers all epochs in one iteration with the option epochs', async () => {
    const one = createLoader(arraySource(10), { ...tiny, epochs: 3 });
    const all = await collect(one);
    expect(all.map(({ epoch, index }) => [epoch, index])).toEqual(
      [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((index) => [epoch, index])),
    );
    expect(await collect(one)).toEqual([]);
    const each = createLoader(arraySource(10), tiny);
    expect([...(await collect(each)), ...(await collect(each)), ...(await collect(each))]).toEqual(all);
  });

  it('drops an incomplete last batch with dropLast', async () => {
    const loader = createLoader(arraySource(10), { ...tiny, dropLast: true });
    expect((await collect(loader)).map(({ shape }) => shape[0])).toEqual([4, 4]);
  });

  it('uses the batches of a sampler', async () => {
    const source = arraySource(12);
    const sampler = identitySampler(source.labels, { identities: 2, images: 2 });
    const { batchSize: _, ...options } = tiny;
    const batches = await collect(createLoader(source, { ...options, sampler }));
    expect(batches).toHaveLength(3);
    for (const { labels } of batches) expect(new Set(labels).size).toBe(2);
  });

  it('covers every record once across all shards', async () => {
    const parts = await Promise.all(
      [0, 1, 2].map((index) =>
        collect(createLoader(arraySource(31), { ...tiny, shard: { index, count: 3 } })),
      ),
    );
    expect(sorted(parts.flatMap((batches) => indicesOf(batches).flat()))).toEqual([
      ...arraySource(31).labels.keys(),
    ]);
    expect(new Set(parts.map(({ length }) => length)).size).toBe(1);
  });

  it('delivers the parts of every batch, also those without rows or good records', async () => {
    const options = { ...tiny, batchSize: 3, augment: [{ kind: 'horizontal-flip' as const }] };
    const whole = await collect(createLoader(arraySource(7), options));
    const loaders = [0, 1, 2, 3].map((index) =>
      createLoader(arraySource(7), { ...options, part: { index, count: 4 } }),
    );
    const parts = await Promise.all(loaders.map(collect));
    for (const [batch, { images, indices, labels }] of whole.entries()) {
      const rows = parts.map((part) => part[batch]!);
      expect(rows.flatMap((row) => [...row.indices])).toEqual([...indices]);
      expect(rows.flatMap((row) => [...row.labels])).toEqual([...labels]);
      expect(rows.flatMap((row) => [...row.images])).toEqual([...images]);
    }
    expect(parts[0]!.map(({ shape }) => shape[0])).toEqual([0, 0, 0]);
    expect(() =>
      createLoader(arraySource(7), { ...options, part: { index: 0, count: 2 }, minBatchSize: 2 }),
    ).toThrow(/omit minBatchSize/);
  });

  it('rejects a concurrent iteration, and continues after a loop that was left early', async () => {
    const loader = createLoader(arraySource(20), tiny);
    const whole = indicesOf(await collect(createLoader(arraySource(20), tiny)));
    for await (const { indices } of loader) {
      expect([...indices]).toEqual(whole[0]);
      await expect(loader[Symbol.asyncIterator]().next()).rejects.toThrow(ConfigError);
      break;
    }
    expect(loader.state()).toEqual({ epoch: 0, batch: 1 });
    expect(indicesOf(await collect(loader))).toEqual(whole.slice(1));
  });

  it('reuses recycled memory only', async () => {
    const loader = createLoader(arraySource(40), { ...tiny, epochs: 3, prefetch: 1 });
    const kept = createLoader(arraySource(40), { ...tiny, epochs: 3, prefetch: 1 });
    const expected = await collect(kept);
    const seen = new Set<ArrayBufferLike>();
    let step = 0;
    for await (const batch of loader) {
      expect(batch).toEqual(expected[step++]);
      seen.add(batch.images.buffer);
      loader.recycle(batch);
    }
    expect(seen.size).toBeLessThan(4);
    expect(new Set(expected.map(({ images }) => images.buffer)).size).toBe(expected.length);
  });

  it('mirrors at random by default, but not without shuffling', async () => {
    // Dark on the left, light on the right.
    const files = Array.from({ length: 400 }, () => Uint8Array.of(0, 255));
    const source = fileSource(files, { raw: { height: 1, width: 2, channels: 1 } });
    const shareMirrored = async (options: Partial<NodeLoaderOptions>) => {
      const [batch] = await collect(createLoader(source, { ...tiny, batchSize: 400, height: 1, ...options }));
      return batch!.images.filter((value, index) => index % 2 === 0 && value > 0).length / 400;
    };
    expect(Math.abs((await shareMirrored({})) - 0.5)).toBeLessThan(0.1);
    expect(await shareMirrored({ shuffle: false })).toBe(0);
    expect(await shareMirrored({ augment: [] })).toBe(0);
  });

  it('checks its options', () => {
    const make = (options: Partial<NodeLoaderOptions>) => () =>
      createLoader(arraySource(10), { ...tiny, ...options });
    expect(make({ batchSize: 0 })).toThrow(ConfigError);
    expect(make({ height: 0 })).toThrow(/height/);
    expect(make({ workers: -1 })).toThrow(/workers/);
    expect(make({ prefetch: 0 })).toThrow(/prefetch/);
    expect(make({ epochs: 0 })).toThrow(/epochs/);
    expect(make({ start: { epoch: 0, batch: 3 } })).toThrow(/start.batch/);
    expect(make({ augment: [{ kind: 'cutout', size: 0 }] })).toThrow(/cutout/);
    expect(make({ mix: { kind: 'mixup', alpha: -1 } })).toThrow(/alpha/);
    expect(make({ onBadRecord: 'ignore' as 'skip' })).toThrow(/onBadRecord/);
    expect(make({ decoder: 'magic' as 'sharp' })).toThrow(/decoder/);
    expect(make({ shuffle: true, sampler: { length: 1, order: () => Int32Array.of(0) } })).toThrow(/shuffle/);
  });
});

describe('the batches of a loader', () => {
  let source: ImageSource;
  beforeAll(async () => {
    const files: Uint8Array[] = [];
    for (let file = 0; file < 22; file++) {
      files.push(await (file % 2 ? asJpeg : asPng)(gradient(10 + file, 30 - file, file % 3 ? 3 : 1)));
    }
    source = fileSource(files, { damaged: [3, 11] });
  });
  const options = {
    batchSize: 8,
    height: 12,
    width: 9,
    seed: 42,
    epochs: 3,
    onBadRecord: 'skip',
    augment: [
      { kind: 'pad-crop', padding: 2 },
      { kind: 'color-jitter', brightness: 0.3, contrast: 0.3, saturation: 0.3 },
      { kind: 'cutout', size: 3 },
      { kind: 'horizontal-flip' },
    ],
    mix: { kind: 'cutmix' },
  } as const;

  it('do not depend on the number of workers or on prefetch', async () => {
    const expected = await collect(createLoader(source, { ...options, workers: 0 }));
    expect(expected).toHaveLength(9);
    for (const [workers, prefetch] of [
      [1, 1],
      [2, 5],
    ]) {
      const loader = createLoader(source, { ...options, workers: workers!, prefetch: prefetch! });
      expect(await collect(loader)).toEqual(expected);
      expect(sorted(loader.badRecords.map(({ index }) => index))).toEqual([3, 11]);
      expect(loader.counters).toEqual({ batches: 9, images: 60, skipped: 6 });
    }
  });

  it('do not depend on interruptions', async () => {
    const expected = await collect(createLoader(source, { ...options, workers: 0 }));
    for (let steps = 1; steps < 9; steps += 2) {
      const interrupted = createLoader(source, { ...options, workers: 0 });
      const iterator = interrupted[Symbol.asyncIterator]();
      for (let step = 0; step < steps; step++) await iterator.next();
      const start = JSON.parse(JSON.stringify(interrupted.state()));
      await iterator.return();
      const resumed = createLoader(source, { ...options, workers: steps === 3 ? 1 : 0, start });
      expect(await collect(resumed)).toEqual(expected.slice(steps));
    }
  });

  it('contain their mixing', async () => {
    const [batch] = await collect(createLoader(source, { ...options, epochs: 1, workers: 0 }));
    expect(batch?.mixed?.partners).toHaveLength(batch?.labels.length ?? 0);
    expect(batch?.mixed?.share).toBeGreaterThanOrEqual(0);
    expect(batch?.mixed?.share).toBeLessThanOrEqual(1);
  });

  it('do not detach the bytes of the source', async () => {
    await collect(createLoader(source, { ...options, workers: 1 }));
    expect((await source.get(0)).bytes.length).toBeGreaterThan(0);
  });
});

describe('bad records', () => {
  const options = { ...tiny, shuffle: false } as const;

  it("end the run at their batch with 'throw', and are named", async () => {
    const loader = createLoader(arraySource(12, { damaged: [6] }), options);
    const seen: number[] = [];
    const run = async () => {
      for await (const { index } of loader) seen.push(index);
    };
    await expect(run()).rejects.toThrow(/^Record 6: file 6: .*onBadRecord: 'skip'/);
    expect(seen).toEqual([0]);
    expect(loader.state()).toEqual({ epoch: 0, batch: 1 });
    expect(loader.badRecords).toMatchObject([{ index: 6, origin: 'file 6', count: 1 }]);
  });

  it.each([0, 1])("are skipped and reported with 'skip', %i workers", async (workers) => {
    const source = arraySource(12, { damaged: [1], unreadable: [4, 5, 6, 7] });
    const loader = createLoader(source, { ...options, workers, epochs: 2, onBadRecord: 'skip' });
    const batches = await collect(loader);
    const epoch = [
      [0, 2, 3],
      [8, 9, 10, 11],
    ];
    expect(indicesOf(batches)).toEqual([...epoch, ...epoch]);
    expect(batches[0]!.shape).toEqual([3, 2, 2, 1]);
    expect(batches[0]!.images).toHaveLength(12);
    expect(batches[1]!.index).toBe(2);
    expect(loader.counters).toEqual({ batches: 4, images: 14, skipped: 10 });
    expect(loader.badRecords.map(({ index, count }) => [index, count])).toEqual(
      [1, 4, 5, 6, 7].map((index) => [index, 2]),
    );
    expect(loader.badRecords[1]).toEqual({
      index: 4,
      origin: 'record 4',
      reason: 'file 4: the disk is gone',
      count: 2,
    });
  });

  it('are detected before the first batch if the whole set is bad', async () => {
    const all = [...arraySource(30).labels.keys()];
    const reads: number[] = [];
    const source = arraySource(30, { damaged: all, onGet: (index) => void reads.push(index) });
    await expect(createLoader(source, options).probe()).rejects.toThrow(/^Record 0: file 0/);
    await expect(collect(createLoader(source, options))).rejects.toThrow(DataError);
    expect(reads).toEqual([0, 0]);
    const skipping = createLoader(source, { ...options, onBadRecord: 'skip' });
    await expect(skipping.probe()).rejects.toThrow(/its first 16 records are all bad. file 0/);
    expect(await collect(skipping)).toEqual([]);
    expect(skipping.badRecords.map(({ index }) => index)).toEqual(all);
  });

  it("may fill the start of a set that is read with 'skip'", async () => {
    const first = Array.from({ length: 20 }, (_, index) => index);
    const loader = createLoader(arraySource(24, { unreadable: first }), { ...options, onBadRecord: 'skip' });
    expect(indicesOf(await collect(loader))).toEqual([[20, 21, 22, 23]]);
  });

  it('are named as the source names them, also if they cannot be read', async () => {
    const named = {
      ...arraySource(5, { unreadable: [1], damaged: [3] }),
      origin: (index: number) => `name ${index}`,
    };
    const loader = createLoader(named, { ...options, onBadRecord: 'skip' });
    await collect(loader);
    expect(loader.badRecords.map(({ origin }) => origin)).toEqual(['name 1', 'file 3']);
  });

  it.each([0, 1])('have an advice of their own if an option may help, %i workers', async (workers) => {
    const large = fileSource([await asPng(gradient(4, 4, 3)), await asPng(gradient(9, 9, 3))]);
    const common = { ...options, workers, maxPixels: 20 };
    const advice = { option: 'maxPixels', text: 'Raise maxPixels if the file is genuine.' };
    const loader = createLoader(large, { ...common, onBadRecord: 'skip' });
    await collect(loader);
    expect(loader.badRecords).toMatchObject([{ index: 1, advice }]);
    expect(loader.badRecords[0]!.reason).toMatch(
      /: the image has 9 × 9 pixels, more than the limit of 20\.$/,
    );
    const error = await collect(createLoader(large, common)).catch((reason) => reason as DataError);
    expect(error).toMatchObject({ problem: `Record 1: ${loader.badRecords[0]!.reason}` });
    expect((error as DataError).message).toBe(
      `Record 1: ${loader.badRecords[0]!.reason} ${advice.text} onBadRecord: 'skip' skips such records.`,
    );
  });

  it('end the run if an epoch has no others', async () => {
    const source = arraySource(8, { damaged: [4, 5, 6, 7] });
    const sampler = { length: 4, order: () => Int32Array.of(4, 5, 6, 7) };
    const { shuffle: _, ...rest } = options;
    const loader = createLoader(source, { ...rest, sampler, epochs: 9, onBadRecord: 'skip' });
    await expect(collect(loader)).rejects.toThrow(/Epoch 1 has no good record: 4 are bad/);
  });

  it('can make batches too small to be delivered', async () => {
    const source = arraySource(12, { damaged: [1, 2, 3, 4, 5] });
    const skipping = { ...options, minBatchSize: 2, onBadRecord: 'skip' } as const;
    const loader = createLoader(source, { ...skipping, epochs: 2 });
    const epoch = [
      [6, 7],
      [8, 9, 10, 11],
    ];
    expect(indicesOf(await collect(loader))).toEqual([...epoch, ...epoch]);
    expect(loader.counters).toEqual({ batches: 4, images: 12, skipped: 10 });
    const none = createLoader(source, { ...skipping, minBatchSize: 5, epochs: 2 });
    await expect(collect(none)).rejects.toThrow(/Epoch 1 has no batch of 5 good records: 5 are bad/);
  });

  it('do not include other errors, which are always thrown', async () => {
    const onGet = (index: number) => {
      if (index === 5) throw new TypeError('a bug');
    };
    const loader = createLoader(arraySource(8, { onGet }), { ...options, onBadRecord: 'skip' });
    await expect(collect(loader)).rejects.toThrow(new TypeError('a bug'));
  });
});

describe('prefetch', () => {
  it.each([0, 1])('limits the batches prepared ahead for a slow receiver, %i workers', async (workers) => {
    let reads = 0;
    const source = arraySource(400, {
      onGet: () => {
        reads++;
      },
    });
    const loader = createLoader(source, { ...tiny, workers, prefetch: 2 });
    const iterator = loader[Symbol.asyncIterator]();
    for (let step = 1; step <= 5; step++) {
      await iterator.next();
      await pause(30);
      // The probe, the delivered batches, and two more.
      expect(reads).toBeLessThanOrEqual(1 + 4 * (step + 2));
    }
    await iterator.return();
    const atEnd = reads;
    await pause(30);
    expect(reads).toBe(atEnd);
  });
});

describe('worker threads', () => {
  /** Creates a loader and exposes its threads; `start` replaces `startWorker`. */
  function createObservedLoader(start: typeof startWorker = startWorker) {
    const source = arraySource(40);
    const threads: Worker[] = [];
    const loader = new PrefetchingLoader(source, resolveLoaderOptions(source, tiny), {
      start: async (recipe) =>
        new WorkerPool(2, { recipe, decoderOptions: {} }, (setup) => {
          const thread = start(setup);
          threads.push(thread);
          return thread;
        }),
      allocate: (bytes) => new SharedArrayBuffer(bytes),
      prepare: (items, target, recipe) => prepareImages(items, target, recipe, decodeWithoutSharp, 1),
    });
    // The id of a terminated thread is −1.
    return { loader, alive: () => threads.filter(({ threadId }) => threadId !== -1).length, threads };
  }

  it('stop at the end of the loop, also if it is left early', async () => {
    const { loader, alive, threads } = createObservedLoader();
    for await (const _ of loader) {
      expect(alive()).toBe(2);
      break;
    }
    expect(alive()).toBe(0);
    await collect(loader);
    expect(alive()).toBe(0);
    expect(threads).toHaveLength(4);
  });

  it('stop when the receiver throws', async () => {
    const { loader, alive } = createObservedLoader();
    const run = async () => {
      for await (const _ of loader) throw new Error('diverged');
    };
    await expect(run()).rejects.toThrow('diverged');
    expect(alive()).toBe(0);
  });

  it.each([
    ['immediately', 'process.exit(0)', /exit code 0/],
    ['with an exception', 'throw new Error("out of luck")', /out of luck/],
    [
      'at their first chunk',
      'require("node:worker_threads").parentPort.on("message", () => process.exit(7))',
      /exit code 7.*workers: 0/,
    ],
  ])('end the run if they die %s', async (_, code, message) => {
    const { loader, alive } = createObservedLoader(() => new Worker(code, { eval: true }));
    const run = collect(loader);
    await expect(run).rejects.toThrow(WorkerError);
    await expect(run).rejects.toThrow(message);
    expect(alive()).toBe(0);
  });

  it('report errors that are not specific to an image', async () => {
    const source = arraySource(8);
    const { recipe } = resolveLoaderOptions(source, tiny);
    const pool = new WorkerPool(1, { recipe: { ...recipe, augment: 5 as never }, decoderOptions: {} });
    const load = async () => [{ record: await source.get(0), epoch: 0, position: 0 }];
    await expect(pool.run(load, new Float32Array(4))).rejects.toThrow(/A worker thread of the loader failed/);
    await pool.close();
    await expect(pool.run(load, new Float32Array(4))).rejects.toThrow(WorkerError);
  });
});

/** Returns the rows of an image as BMP stores them, blue first and padded. */
function bgrRows({ data, height, width }: PixelImage): number[] {
  return Array.from({ length: height }, (_, y) => {
    const row = Array.from({ length: width }, (_, x) => {
      const at = (y * width + x) * 3;
      return [data[at + 2]!, data[at + 1]!, data[at]!];
    }).flat();
    return [...row, ...new Array<number>((4 - (row.length % 4)) % 4).fill(0)];
  }).flat();
}
