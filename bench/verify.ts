import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled } from '../packages/cli/src/backends.ts';
import { imageFileSource } from '../packages/cli/src/images/image-files.ts';
import { embedFaces } from '../packages/cli/src/model/embed-faces.ts';
import { embedImages } from '../packages/cli/src/model/embed-images.ts';
import { loadModel, readingFor } from '../packages/cli/src/model/load-model.ts';
import { createOutput } from '../packages/cli/src/output.ts';
import { startBackend } from '../packages/cli/src/start-backend.ts';
import { runBuiltCommand } from './built-command.ts';
import { type Comparison, median } from './measure.ts';
import { samplePhotos } from './sample-photos.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

const rounds = 9;
const photosInSet = 24;
const silent = createOutput({ write: () => true });

/**
 * Measures `openset verify` of two photos of 1,920 pixels with `faceres`: a whole process, and the same work again and again with
 * the networks loaded; then the time of a photo of a set, and of a folder of probes, without the start. With tfjs-node installed, the
 * process also runs on it.
 */
export async function verify({ threads }: BenchmarkOptions): Promise<Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    return [await measureProcess(folder, threads), ...(await measureWarm(threads))];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs the built command in an empty folder, by turns on wasm and on tfjs-node. */
async function measureProcess(folder: string, threads: number): Promise<Comparison> {
  const [first, second] = samplePhotos(2);
  const run = (backend: string) =>
    duration(() =>
      runBuiltCommand(['verify', first!, second!, '--backend', backend, '--threads', `${threads}`], folder),
    );
  const hasNode = isInstalled('node');
  const [wasm, node]: number[][] = [[], []];
  for (let round = -1; round < rounds; round++) {
    const times = [await run('wasm'), hasNode ? await run('node') : 0];
    // The first round fills the cache of files.
    if (round < 0) continue;
    wasm!.push(times[0]!);
    node!.push(times[1]!);
  }
  return {
    name: 'verify of two photos of 1,920 px, a process (goal 2,500 ms)',
    reference: hasNode ? 'tfjs-node' : null,
    theirs: hasNode ? median(node!) : null,
    openset: median(wasm!),
    ratio: hasNode ? median(node!.map((time, round) => time / wasm![round]!)) : null,
  };
}

/** Repeats the work of commands with the networks loaded. */
async function measureWarm(threads: number): Promise<Comparison[]> {
  await startBackend({ backend: 'wasm', threads }, silent);
  const model = await loadModel('faceres');
  const reading = readingFor(model, {});
  const { verifier } = model;
  const images = imageFileSource(samplePhotos(photosInSet));
  const compareTwo = async () => {
    const two = imageFileSource(samplePhotos(2));
    const embeddings = await embedFaces(verifier, two, 'largest', silent, reading);
    verifier.compare(embeddings.row(0), embeddings.row(1));
  };
  const searched = { ...reading, align: true, featureCache: 'off' };
  const works: [string, number, () => Promise<unknown>][] = [
    ['the same, warm (goal 300 ms)', 1, compareTwo],
    ['a photo of a set of pairs, warm', photosInSet, () => embedImages(verifier, images, silent, searched)],
    [
      'a photo of a folder of probes, all faces, warm',
      photosInSet,
      () => embedFaces(verifier, images, 'all', silent, reading),
    ],
  ];
  const rows: Comparison[] = [];
  try {
    for (const [name, parts, work] of works) {
      const times: number[] = [];
      // The engine needs some rounds until it has optimised everything.
      for (let round = -3; round < rounds; round++) {
        const time = await duration(work);
        if (round >= 0) times.push(time / parts);
      }
      rows.push({ name, reference: null, theirs: null, openset: median(times), ratio: null });
    }
  } finally {
    model.dispose();
  }
  return rows;
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
