import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ImageSource, Loader } from '@openset/data';
import { createLoader, openImageFolder } from '@openset/data/node';
import sharp from 'sharp';
import type { Comparison } from './measure.ts';
import { writeSampleImages } from './sample-images.ts';

const fileCount = 512;
const size = 112;
const batchSize = 64;
const rounds = 7;
/** Images in each round of sharp and of the loader. */
const imagesPerRound = 2048;
const prefetch = 3;
/** Size of Node's thread pool, where sharp decodes for both. */
const decodingThreads = 4;

/**
 * Measures files to batches: the loader (read, decode, resize, flip, scale to float32, batch) next to sharp, which reads,
 * decodes and resizes the same files and drops the pixels. Both run by turns in one process, with the same decoding threads.
 */
export async function data(): Promise<Comparison[]> {
  const rows: Comparison[] = [];
  for (const fileSize of [250, 112]) {
    const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
    try {
      const files = await writeSampleImages(folder, {
        people: 1,
        imagesPerPerson: fileCount,
        side: fileSize,
      });
      for (const workers of new Set([availableParallelism(), 0])) {
        rows.push(await compareWithSharp(folder, files, fileSize, workers));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return rows;
}

async function compareWithSharp(
  folder: string,
  files: readonly string[],
  fileSize: number,
  workers: number,
): Promise<Comparison> {
  const source: ImageSource = await openImageFolder(folder);
  const augment = [{ kind: 'horizontal-flip' }] as const;
  const options = { batchSize, height: size, width: size, workers, prefetch, augment };
  const loader: Loader = createLoader(source, { ...options, epochs: Number.POSITIVE_INFINITY });
  const batches = loader[Symbol.asyncIterator]();

  const nextBatch = async () => {
    const { value } = await batches.next();
    if (value) loader.recycle(value);
  };
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < rounds; round++) {
    // Batches prepared during the turn of sharp do not count: the clock starts when the loader runs at its own pace.
    for (let batch = 0; batch < prefetch + 1; batch++) await nextBatch();
    const openset = await time(async () => {
      for (let batch = 0; batch < imagesPerRound / batchSize; batch++) await nextBatch();
    });
    await pause(500);
    const alone = await time(() => decodeWithSharp(files, fileSize));
    if (round < 0) continue;
    ours.push(openset);
    theirs.push(alone);
  }
  await batches.return();
  await source.close();
  const ratio = median(theirs.map((value, index) => value / ours[index]!));
  const rate = (milliseconds: number) => `${Math.round((imagesPerRound / milliseconds) * 1000)}/s`;
  const speeds = `sharp alone ${rate(median(theirs))}, loader ${rate(median(ours))}`;
  return {
    name: `${fileSize} → ${size}, ${workers} workers: ${speeds}, ${(100 * ratio).toFixed(0)} %`,
    reference: 'sharp alone',
    theirs: median(theirs),
    openset: median(ours),
    ratio,
  };
}

/** Decodes as many images at a time as there are decoding threads. */
async function decodeWithSharp(files: readonly string[], fileSize: number): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < imagesPerRound) {
      const bytes = await readFile(files[next++ % files.length]!);
      const image = sharp(bytes);
      // An unneeded resize would slow sharp down.
      if (fileSize !== size) image.resize({ height: size, width: size, kernel: 'linear' });
      await image.raw().toBuffer();
    }
  };
  await Promise.all(Array.from({ length: decodingThreads }, work));
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
