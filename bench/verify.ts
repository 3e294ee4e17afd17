import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackbone } from '@openset/backbones';
import { decodeImage } from '@openset/data/node';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { encodePng } from '../packages/cli/src/align/encode-png.ts';
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
 * Measures whole processes: `openset verify` of two photos of 1,920 pixels and of two crops, with `faceres` and with a small network
 * of our own, and commands that only read their line. Then the same work again and again with the networks loaded, and the time of a
 * photo of a set, and of a folder of probes, without the start. With tfjs-node installed, the first process also runs on it.
 */
export async function verify({ threads }: BenchmarkOptions): Promise<Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    await startBackend({ backend: 'wasm', threads }, silent);
    await writeInputs(folder);
    return [...(await measureProcesses(folder, threads)), ...(await measureWarm())];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Side of the images of the small network. */
const smallSide = 32;

/** Writes crops for both networks, and an untrained small network for crops and for photos. */
async function writeInputs(folder: string): Promise<void> {
  for (const [index, path] of samplePhotos(2).entries()) {
    const bytes = await readFile(path);
    for (const side of [224, smallSide]) {
      const crop = await decodeImage(bytes, { height: side, width: side });
      await writeFile(join(folder, `crop-${side}-${index}.png`), await encodePng(crop));
    }
  }
  const backbone = createBackbone({
    backbone: 'small-cnn',
    inputSize: smallSide,
    embeddingSize: 128,
    seed: 1,
  });
  const state = backbone.getState();
  const description = {
    backbone: backbone.getConfig(),
    threshold: 0.5,
    thresholdSource: 'calibrated',
    flipSum: false,
  } as const;
  await writeFile(join(folder, 'small-crops.safetensors'), await encodeModel(description, state));
  const forPhotos = { ...description, crop: { kind: 'points' } } as const;
  await writeFile(join(folder, 'small.safetensors'), await encodeModel(forPhotos, state));
  tf.dispose(state);
  backbone.dispose();
}

/** Runs the built command by turns in a folder without a model; the first case also on tfjs-node. */
async function measureProcesses(folder: string, threads: number): Promise<Comparison[]> {
  const photos = samplePhotos(2);
  const crops = (side: number) => [`crop-${side}-0.png`, `crop-${side}-1.png`];
  const compare = (...words: string[]) => ['verify', ...words, '--threads', `${threads}`];
  const cases: [name: string, words: string[]][] = [
    ['verify of two photos of 1,920 px, a process (goal 700 ms)', compare(...photos, '--backend', 'wasm')],
    ['verify of two crops, a process', compare(...crops(224), '--no-align')],
    [
      'verify of two photos of 1,920 px with a small network, a process (goal 700 ms)',
      compare(...photos, '--model', 'small.safetensors'),
    ],
    [
      'verify of two crops with a small network, a process',
      compare(...crops(smallSide), '--model', 'small-crops.safetensors'),
    ],
    ['openset --help, a process (goal 150 ms)', ['--help']],
    ['openset --version, a process (goal 150 ms)', ['--version']],
  ];
  const hasNode = isInstalled('node');
  if (hasNode) cases.push(['', compare(...photos, '--backend', 'node')]);
  const times = cases.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, [, words]] of cases.entries()) {
      const time = await duration(() => runBuiltCommand(words, folder));
      // The first round fills the cache of files.
      if (round >= 0) times[index]!.push(time);
    }
  }
  const node = hasNode ? times.pop()! : null;
  return times.map((own, index) => ({
    name: cases[index]![0],
    ...(node && index === 0
      ? {
          reference: 'tfjs-node',
          theirs: median(node),
          ratio: median(node.map((time, round) => time / own[round]!)),
        }
      : { reference: null, theirs: null, ratio: null }),
    openset: median(own),
  }));
}

/** Repeats the work of commands with the networks loaded. */
async function measureWarm(): Promise<Comparison[]> {
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
    ['verify of two photos of 1,920 px, warm (goal 300 ms)', 1, compareTwo],
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
