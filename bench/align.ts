import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { runBuiltCommand } from './built-command.ts';
import type { Comparison } from './measure.ts';
import { samplePhotos } from './sample-photos.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

/** Photos of the two runs of a row. The difference of their times has no start of processes and threads. */
const counts = [24, 144] as const;

/**
 * Measures `openset align`, from files to crops, on one worker for each of `threads`: photos of 1,920 pixels with three to five faces,
 * for the largest and for all faces, and crops of 112 pixels. The names of the rows say how many photos a second that is.
 */
export async function align({ threads }: BenchmarkOptions): Promise<Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    const photos = await makePhotos(join(folder, 'photos'), (path, sample) => copyFile(sample, path));
    const crops = await makePhotos(join(folder, 'crops'), async (path, sample) => {
      const { width, height } = await sharp(sample).metadata();
      const side = Math.min(width, height) / 4;
      const region = { left: Math.round(width / 2 - side), top: Math.round(height / 2 - side) };
      const square = { ...region, width: Math.round(2 * side), height: Math.round(2 * side) };
      await writeFile(path, await sharp(sample).extract(square).resize(112, 112).jpeg().toBuffer());
    });
    const all = ['--select', 'all'];
    return [
      await measure('1,920 px, the largest face (goal 10 a second on 2 cores)', photos, threads),
      await measure('1,920 px, all of 3 to 5 faces', photos, threads, all),
      await measure('112 px', crops, threads),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes the photos of both runs into folders. */
async function makePhotos(folder: string, write: (path: string, sample: string) => Promise<unknown>) {
  return Promise.all(
    counts.map(async (count) => {
      const path = join(folder, String(count));
      await mkdir(path, { recursive: true });
      for (const [index, sample] of samplePhotos(count).entries()) {
        await write(join(path, `${index}.jpg`), sample);
      }
      return path;
    }),
  );
}

async function measure(
  what: string,
  folders: readonly string[],
  threads: number,
  options: readonly string[] = [],
): Promise<Comparison> {
  const times: number[] = [];
  for (const folder of folders) times.push(await run(folder, threads, options));
  const milliseconds = (times[1]! - times[0]!) / (counts[1] - counts[0]);
  const rate = (1000 / milliseconds).toFixed(1);
  return {
    ...{ name: `${what}: ${rate} photos a second`, reference: null, theirs: null },
    ...{ openset: milliseconds, ratio: null },
  };
}

/** Runs the built command, and returns its milliseconds. */
async function run(photos: string, workers: number, options: readonly string[]): Promise<number> {
  const out = `${photos}-crops`;
  const words = ['align', photos, '--out', out, '--workers', `${workers}`, '--backend', 'wasm', ...options];
  const start = performance.now();
  await runBuiltCommand(words);
  const time = performance.now() - start;
  await rm(out, { recursive: true });
  return time;
}
