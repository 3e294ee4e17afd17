// @isolate: it starts wasm with a number of threads.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBackbone } from '@openset/backbones';
import { decodeSafetensors } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWasm } from './backend.ts';
import { driftStudy } from './drift/study.ts';
import { faceresStudy } from './faceres/study.ts';
import { sizesStudy } from './lfw/sizes-study.ts';
import { lfwStudy, thresholdsStudy } from './lfw/study.ts';
import { studiedLosses } from './losses/losses.ts';
import { lossesStages, lossesStudy } from './losses/study.ts';
import { stages, strangersStudy } from './strangers/study.ts';
import { uniformStudy } from './uniform/study.ts';

// The images are small and synthetic: these tests cover the programs, not their results.
let folder: string;

beforeAll(async () => {
  await startWasm(1);
  folder = await mkdtemp(join(tmpdir(), 'openset-studies-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function savePerson(
  root: string,
  name: string,
  images: number,
  pixelOf = (pixel: number, image: number) => pixel * name.length * 7 + image * 13,
): Promise<void> {
  await mkdir(join(root, name), { recursive: true });
  for (let image = 1; image <= images; image++) {
    const pixels = Uint8Array.from({ length: 32 * 32 }, (_, pixel) => pixelOf(pixel, image) % 256);
    const path = join(root, name, `${name}_${String(image).padStart(4, '0')}.jpg`);
    await sharp(pixels, { raw: { width: 32, height: 32, channels: 1 } })
      .jpeg()
      .toFile(path);
  }
}

/** Saves three people to train on, and pairs of two others. */
async function saveFaces(): Promise<{ train: string; pairs: string }> {
  const [train, pairs] = [join(folder, 'train'), join(folder, 'pairs')];
  for (const name of ['Ada', 'Grace', 'Katherine']) await savePerson(train, name, 4);
  for (const name of ['Alan', 'Edsger']) await savePerson(pairs, name, 3);
  const same = ['Alan\t1\t2', 'Alan\t2\t3', 'Edsger\t1\t2', 'Edsger\t1\t3'];
  const different = [1, 2, 3].map((n) => `Alan\t${n}\tEdsger\t${n}`);
  await writeFile(join(pairs, 'pairs.txt'), `${[...same, ...different, ...same, ...different].join('\n')}\n`);
  return { train, pairs };
}

const faceRecipe = {
  steps: 3,
  batchSize: 4,
  learningRate: 0.05,
  weightDecay: 5e-4,
  scale: 16,
  width: 4,
  blocks: [1, 1],
  embeddingSize: 8,
  dropout: 0,
};

it('trains networks of several sizes for the same time, and evaluates them on held-out people', async () => {
  const train = join(folder, 'four');
  for (const name of ['Ada', 'Grace', 'Katherine', 'Radia']) await savePerson(train, name, 4);
  const networks = [
    { inputSize: 16, width: 4 },
    { inputSize: 8, width: 8 },
  ];
  const [out, results] = [join(folder, 'out'), join(folder, 'results')];
  const options = { train, out, results, networks, minutes: 0.002, mostPairs: 6, command: 'x' };
  const { runs } = await sizesStudy({ ...options, recipe: faceRecipe });
  expect(runs.map(({ inputSize, width }) => ({ inputSize, width }))).toEqual(networks);
  for (const { steps, accuracy } of runs) {
    expect(steps).toBeGreaterThan(0);
    expect(accuracy.estimate).toBeLessThanOrEqual(1);
  }
  expect(await readFile(join(out, 'lfw-sizes.md'), 'utf8')).toContain('| 16 × 16 | 4 | ');
});

it('trains all losses on folders of people, writes the page, and reuses finished runs', async () => {
  const { train, pairs } = await saveFaces();
  const recipe = faceRecipe;
  const [out, results] = [join(folder, 'out'), join(folder, 'results')];
  const options = {
    train,
    pairs,
    out,
    results,
    seeds: 1,
    inputSize: 16,
    recipe,
    longSteps: 4,
    command: 'test',
  };
  const { runs, long } = await lfwStudy(options);
  expect(runs.map(({ loss }) => loss)).toEqual(['CosFace', 'BCE-unified', 'UniTSFace', 'EPL-CosFace']);
  expect(long?.steps).toBe(4);
  const page = await readFile(join(out, 'lfw.md'), 'utf8');
  expect(page).toMatch(/12 grey images\s+\(16 × 16 pixels\) of 3 people/);
  expect(page).toMatch(/14 pairs of\s+other people/);
  expect(await readFile(join(out, 'lfw-roc.svg'), 'utf8')).toMatch(/^<svg/);

  const stored = join(results, 'lfw-cosface-1-3.json');
  const { mtimeMs } = await stat(stored);
  await lfwStudy(options);
  await thresholdsStudy(options);
  const thresholds = await readFile(join(out, 'thresholds.md'), 'utf8');
  expect(thresholds).toContain('2 people with 6 images');
  expect(await readFile(join(out, 'thresholds.svg'), 'utf8')).toMatch(/^<svg/);
  expect((await stat(stored)).mtimeMs).toBe(mtimeMs);
  await lfwStudy({ ...options, recipe: { ...recipe, scale: 8 } });
  expect((await stat(stored)).mtimeMs).toBeGreaterThan(mtimeMs);
});

it('trains heads on the features of a frozen network, and measures the drift of class vectors', async () => {
  // The network returns the mean of each of four stripes of the image.
  const stripes = (images: tf.Tensor4D) => tf.reshape(tf.mean(tf.reshape(images, [-1, 4, 192]), 2), [-1, 4]);
  const openBackbone = async () =>
    asBackbone((images) => stripes(images) as tf.Tensor2D, { inputShape: [16, 16, 3], embeddingSize: 4 });
  const recipe = {
    steps: 4,
    batchSize: 4,
    learningRate: 0.05,
    weightDecay: 0,
    embeddingSize: 8,
    scale: 16,
  };
  const [out, results] = [join(folder, 'out'), join(folder, 'results')];
  const options = { ...(await saveFaces()), out, results, seeds: 1, recipe, openBackbone };
  const { numTensors } = tf.memory();
  const { alone, runs } = await faceresStudy(options);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(alone.cosines).toHaveLength(14);
  expect(runs.map(({ loss }) => loss)).toEqual(['CosFace', 'BCE-unified', 'UniTSFace', 'EPL-CosFace']);
  expect(runs[2]!.learned?.between).toBe('embeddings');
  const page = await readFile(join(out, 'faceres.md'), 'utf8');
  expect(page).toContain('12 images of 3 people');
  expect(page).toContain('| head with UniTSFace |');

  const drift = await driftStudy(options);
  expect(tf.memory().numTensors).toBe(numTensors);
  // Four conditions, two losses.
  expect(drift.runs).toHaveLength(8);
  for (const { weights, prototypes, loss } of drift.runs) {
    expect(weights).toBeGreaterThan(0);
    expect(weights).toBeLessThan(180);
    expect(prototypes === null).toBe(loss === 'CosFace');
  }
  const driftText = await readFile(join(out, 'drift.md'), 'utf8');
  expect(driftText).toContain('| 30 % half covered | EPL-CosFace | prototypes |');
  expect(await readFile(join(out, 'drift.svg'), 'utf8')).toMatch(/^<svg/);
});

it('measures what each rule for a threshold loses on strangers, and remakes the page from stored runs', async () => {
  const train = join(folder, 'six');
  const names = ['Ada', 'Barbara', 'Grace', 'Katherine', 'Radia', 'Shafi Goldwasser'];
  for (const name of names) await savePerson(train, name, 4);
  const { pairs } = await saveFaces();
  const openBackbone = async () =>
    asBackbone((images) => tf.reshape(tf.mean(tf.reshape(images, [-1, 4, 192]), 2), [-1, 4]) as tf.Tensor2D, {
      inputShape: [16, 16, 3],
      embeddingSize: 4,
    });
  const recipe = {
    steps: 3,
    batchSize: 4,
    learningRate: 0.05,
    weightDecay: 0,
    embeddingSize: 8,
    scale: 16,
  };
  const [out, results] = [join(folder, 'out'), join(folder, 'results')];
  const options = {
    folders: { train, pairs },
    out,
    results,
    features: join(folder, 'features'),
    losses: ['CosFace', 'BCE-unified'] as const,
    sizes: [6],
    seeds: 1,
    recipe,
    networks: { inputSize: 16, recipe: faceRecipe },
    threads: 1,
    openBackbone,
  };
  const { runs, crossFits } = await strangersStudy({ ...options, stages });
  expect(runs.map(({ start, loss }) => `${start} ${loss}`)).toEqual([
    'head CosFace',
    'head BCE-unified',
    'nothing CosFace',
    'nothing BCE-unified',
    'fine-tuned CosFace',
    'fine-tuned BCE-unified',
  ]);
  expect(runs[0]!.heldOut).toBe(2);
  expect(runs[0]!.rules.learned).toBeUndefined();
  expect(runs[1]!.rules.learned?.threshold).toBeGreaterThan(-2);
  for (const { best, rules } of runs) {
    for (const judged of Object.values(rules)) {
      expect(judged.accuracy.estimate).toBeLessThanOrEqual(best.accuracy);
      expect(judged.accuracy.low).toBeLessThanOrEqual(judged.accuracy.high);
    }
  }
  expect(crossFits).toHaveLength(2);
  const page = await readFile(join(out, 'strangers.md'), 'utf8');
  expect(page).toContain('24 images of 6 people');
  expect(page).toContain('| nothing | BCE-unified | 6 | 1 |');
  expect(page).toContain('## Whole networks');
  expect(page).toContain('from random weights on 4 people for 3 steps;');
  expect(runs[2]!.training).toMatchObject({ steps: 3, threads: 1 });
  const weights = await readFile(join(options.features, 'strangers-network-cosface.safetensors'));
  const { tensors } = decodeSafetensors(weights);
  expect(Object.keys(tensors).length).toBeGreaterThan(10);
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
  expect(await readFile(join(out, 'strangers.svg'), 'utf8')).toMatch(/^<svg/);

  // One line for each rule of each network: four rules of CosFace (heads, networks and cross-fits), six of BCE-unified.
  const lines = (await readFile(join(out, 'strangers-runs.md'), 'utf8')).split('\n');
  expect(lines.filter((line) => /^\| (head|nothing|fine-tuned) /.test(line))).toHaveLength(
    crossFits.length + runs.flatMap(({ rules }) => Object.keys(rules)).length,
  );

  // Neither the network nor the features are needed again.
  const failing = async () => {
    throw new Error('opened the network');
  };
  const again = { ...options, features: join(folder, 'none'), openBackbone: failing, stages };
  expect((await strangersStudy(again)).runs).toEqual(runs);
  expect(await readFile(join(out, 'strangers.md'), 'utf8')).toBe(page);

  // The pages need no images.
  const pageOnly = { ...again, folders: null, stages: ['page'] as const };
  expect((await strangersStudy(pageOnly)).runs).toEqual(runs);
  expect(await readFile(join(out, 'strangers.md'), 'utf8')).toBe(page);
  const elsewhere = { ...pageOnly, results: join(folder, 'no results') };
  await expect(strangersStudy(elsewhere)).rejects.toThrow(/image-counts\.json is missing\. Run a stage/);
});

it('compares losses in equal time, reports runs that fail, and remakes the page from stored runs', async () => {
  const train = join(folder, 'six');
  const names = ['Ada', 'Barbara', 'Grace', 'Katherine', 'Radia', 'Shafi Goldwasser'];
  for (const name of names) await savePerson(train, name, 4);
  // OPIS needs enough pairs for false accept rates of 1 % and 10 %.
  const pairs = join(folder, 'eight');
  const others = ['Al', 'Bob', 'Cleo', 'David', 'Edsger', 'Frances', 'Geoffrey', 'Hedy Lamarr'];
  for (const [person, name] of others.entries()) {
    // Stripes, brighter or darker by person and a little by image.
    const pixelOf = (pixel: number, image: number) =>
      128 + 90 * Math.sin((person + 1) * (pixel >> 8)) + 15 * Math.sin(image * (pixel >> 8) + image);
    await savePerson(pairs, name, 3, pixelOf);
  }
  const same = others.map((name) => `${name}\t1\t2`);
  const different = others.slice(1).map((name, index) => `${name}\t1\t${others[index]}\t2`);
  await writeFile(join(pairs, 'pairs.txt'), `${[...same, ...different].join('\n')}\n`);
  const openBackbone = async () =>
    asBackbone((images) => tf.reshape(tf.mean(tf.reshape(images, [-1, 4, 192]), 2), [-1, 4]) as tf.Tensor2D, {
      inputShape: [16, 16, 3],
      embeddingSize: 4,
    });
  const [cosface, bceUnified] = ['cosface', 'bce-unified'].map(
    (word) => studiedLosses.find(({ name }) => name === word)!,
  );
  // Logits of this scale overflow.
  const endless = { ...cosface!, name: 'arcface', config: () => ({ loss: 'CosFaceLoss', scale: 3e38 }) };
  const settings = { batchSize: 4, learningRate: 0.05, weightDecay: 0, embeddingSize: 8 };
  const timing = { rounds: 1, steps: 1 };
  const [out, results] = [join(folder, 'out'), join(folder, 'results')];
  const options = {
    folders: { train, pairs },
    out,
    results,
    features: join(folder, 'features of losses'),
    stages: lossesStages,
    losses: [cosface!, endless, bceUnified!],
    seeds: 1,
    heads: { settings, seconds: 0, timing },
    networks: { settings: { ...settings, inputSize: 16, width: 2 }, seconds: 0, timing },
    openBackbone,
  };
  const { numTensors } = tf.memory();
  const { runs, times } = await lossesStudy(options);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(runs.map(({ start, loss }) => `${start} ${loss}`)).toEqual([
    'head cosface',
    'head arcface',
    'head bce-unified',
    'nothing cosface',
    'nothing arcface',
    'nothing bce-unified',
  ]);
  expect(times.map(({ start, trained, held }) => ({ start, trained, held }))).toEqual([
    { start: 'head', trained: 4, held: 2 },
    { start: 'nothing', trained: 4, held: 2 },
  ]);
  for (const { loss, steps, measured, failure } of runs) {
    // A step is the least that fits into no time.
    expect(steps).toBe(1);
    if (loss === 'arcface') expect(failure).toMatch(/NaN|finite/);
    else expect(failure).toBeNull();
    expect(measured === null).toBe(loss === 'arcface');
    expect(measured?.learned?.between).toBe(loss === 'bce-unified' ? 'embedding and class' : undefined);
  }
  const page = await readFile(join(out, 'losses.md'), 'utf8');
  expect(page).toContain('24 grey images of 6 people');
  expect(page).toContain('| `arcface` | **1 of 1 failed** |');

  // Neither the images nor the features are needed again.
  const again = { ...options, folders: null, stages: ['page'] as const };
  expect((await lossesStudy(again)).runs).toEqual(runs);
  expect(await readFile(join(out, 'losses.md'), 'utf8')).toBe(page);
  const failing = async () => {
    throw new Error('opened the network');
  };
  expect((await lossesStudy({ ...options, openBackbone: failing })).runs).toEqual(runs);
});

it('measures uniform accuracy on a set of the MNIST family', async () => {
  const data = join(folder, 'digits');
  await mkdir(data);
  // Two classes: bright at the top or at the bottom.
  for (const [name, count] of [
    ['train', 64],
    ['t10k', 20],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * 784 }, (_, index) => {
      const [image, row] = [Math.floor(index / 784), Math.floor((index % 784) / 28)];
      return row < 14 === (image % 2 === 0) ? 200 + (index % 50) : index % 60;
    });
    const header = (...words: number[]) =>
      Buffer.from(words.flatMap((word) => [0, 0, word >> 8, word & 255]));
    const [images, labels] = [`${name}-images-idx3-ubyte`, `${name}-labels-idx1-ubyte`];
    await writeFile(join(data, images), Buffer.concat([header(0x803, count, 28, 28), pixels]));
    const values = Uint8Array.from({ length: count }, (_, image) => image % 2);
    await writeFile(join(data, labels), Buffer.concat([header(0x801, count), values]));
  }
  const recipe = { steps: 12, batchSize: 16, learningRate: 0.05, weightDecay: 5e-4 };
  const [out, results] = [join(folder, 'out'), join(folder, 'results')];
  const { runs } = await uniformStudy({ set: 'mnist', data, seeds: 1, recipe, out, results, command: 'x' });
  expect(runs.map(({ loss }) => loss)).toEqual(['softmax', 'BCE-diverse', 'BCE-unified']);
  for (const run of runs) expect(run.sampleWise).toBe(1);
  expect(runs[2]!.learnedThreshold).not.toBeNull();
  expect(await readFile(join(out, 'uniform-mnist.svg'), 'utf8')).toMatch(/^<svg/);
  expect(await readFile(join(out, 'uniform-mnist.md'), 'utf8')).toContain('| BCE-unified | 100.00 %');
});
