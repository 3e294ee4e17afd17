import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';
import { createLoader, openRecordIO, RecordIOWriter } from '@openset/data/node';
import sharp from 'sharp';
import type { Comparison } from './measure.ts';

/** Size of the record file, in 10^9 bytes. */
const gigabytes = Number(process.env.OPENSET_BENCH_GIGABYTES ?? 4);
/** Quality 100 makes large files, so that fewer of them fill the disk. */
const jpeg = { quality: 100, chromaSubsampling: '4:4:4' } as const;
const fileSize = 250;

/**
 * Writes a record file of `OPENSET_BENCH_GIGABYTES` (default 4) and loads all of it in random order. Each row shows the peak
 * memory of the process after a quarter of the file, and the time of that quarter.
 */
export async function dataMemory(): Promise<Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    const path = join(folder, 'train.rec');
    const start = performance.now();
    const count = await writeRecords(path);
    const rows = [row(`${gigabytes} GB written, ${count} images`, performance.now() - start)];
    const written = performance.now();
    const source = await openRecordIO(path);
    rows.push(row('opened', performance.now() - written));
    const loader = createLoader(source, {
      batchSize: 128,
      height: 112,
      width: 112,
      augment: [{ kind: 'horizontal-flip' }],
    });
    let quarter = 1;
    let since = performance.now();
    for await (const batch of loader) {
      loader.recycle(batch);
      if (loader.counters.batches < (loader.batchesPerEpoch * quarter) / 4) continue;
      rows.push(row(`${25 * quarter++} %`, performance.now() - since));
      since = performance.now();
    }
    await source.close();
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function row(name: string, milliseconds: number): Comparison {
  const megabytes = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  return {
    name: `${name}: peak RSS ${megabytes} MB`,
    reference: null,
    theirs: null,
    openset: milliseconds,
    ratio: null,
  };
}

async function writeRecords(path: string): Promise<number> {
  const random = randomNumbers(1);
  const raw = { width: fileSize, height: fileSize, channels: 3 } as const;
  const images: Uint8Array[] = [];
  for (let image = 0; image < 16; image++) {
    const pixels = Uint8Array.from({ length: fileSize * fileSize * 3 }, () => 256 * random());
    images.push(await sharp(pixels, { raw }).jpeg(jpeg).toBuffer());
  }
  const writer = await RecordIOWriter.create(path);
  let count = 0;
  for (let bytes = 0; bytes < gigabytes * 1e9; count++) {
    const image = images[count % images.length]!;
    await writer.add(image, count % 1000);
    bytes += image.length;
  }
  await writer.close();
  return count;
}
