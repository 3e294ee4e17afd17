import { parseArgs } from 'node:util';
import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { startWasm } from './backend.ts';
import { driftStudy } from './drift/study.ts';
import { openFaceres } from './faceres/features.ts';
import type { HeadRecipe } from './faceres/head.ts';
import { faceresStudy } from './faceres/study.ts';
import { sizesStudy } from './lfw/sizes-study.ts';
import { type LfwStudyOptions, lfwStudy, thresholdsStudy } from './lfw/study.ts';
import type { Recipe } from './lfw/train-once.ts';
import { type ImageSet, imageSets } from './uniform/images.ts';
import { uniformStudy } from './uniform/study.ts';

const help = `Usage: npm run study -- NAME [options]

sizes      which width and input size give the most in some minutes, judged on people held out of the training folder
lfw        four losses on one small network, trained on a folder of people and judged on LFW pairs of others
thresholds how far the best threshold varies from person to person under each of these losses; the same runs
faceres    a head with a threshold on a frozen network that was trained elsewhere, for the same people
drift      how far wrong labels and covered faces drag class weights and EPL's prototypes; heads as in faceres
uniform    softmax, BCE-diverse and BCE-unified under one threshold for every picture

  --out FOLDER       where the page goes (default docs/studies)
  --results FOLDER   where finished runs are kept (default .cache/studies): the same command goes on where it
                     was interrupted. Those of the pages on LFW lie in docs/studies/results: with that folder
                     the pages are made again without training
  --seeds N          runs of each loss (default 3)
  --steps N          training steps of each run (default 2100; uniform 1400; faceres, drift 1000)
  --batch N          pictures in a batch (default 64; uniform, faceres, drift 128)
  --rate X           learning rate (default 0.1)
  --threads N        threads of the wasm backend (default 2)

lfw, thresholds, faceres, sizes and drift (the last two need no pairs):
  --train FOLDER     one folder of pictures for each person
  --pairs FOLDER     pairs.txt in LFW's form, beside one folder of pictures for each person
  --long-steps N     training steps of one more run of the best loss, lfw only; 0 for none (default 10500)
  --size N           side of the pictures in pixels (default 80)
  --width N          channels of the first stage (default 8)
  --scale X          scale of the losses (default 32)
  --minutes X        what a run may take, sizes only (default 6)

uniform:
  --set NAME         mnist (default, comes as a package), fashion or cifar10
  --data FOLDER      the unpacked files of the set under their usual names (Debian has the package
                     dataset-fashion-mnist; CIFAR-10 is its "binary version")`;

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { ...text, default: 'docs/studies' },
    results: { ...text, default: '.cache/studies' },
    seeds: text,
    steps: text,
    batch: text,
    rate: text,
    threads: text,
    train: text,
    pairs: text,
    'long-steps': text,
    size: text,
    width: text,
    scale: text,
    minutes: text,
    set: { ...text, default: 'mnist' },
    data: text,
    help: { type: 'boolean', default: false },
  },
});

const studies: Readonly<Record<string, () => Promise<unknown>>> = {
  sizes,
  lfw: () => lfwStudy(faceOptions('lfw')),
  thresholds: () => thresholdsStudy(faceOptions('thresholds')),
  faceres,
  drift,
  uniform,
};

const study = studies[positionals[0] ?? ''];
if (values.help || !study) {
  (values.help ? console.log : console.error)(help);
  if (!values.help) process.exitCode = 2;
} else {
  try {
    await startWasm(number('threads', 2));
    await study();
  } catch (error) {
    const isExpected = error instanceof OpenSetError || error instanceof MetricsError;
    console.error(isExpected ? `study: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** What the studies of faces share. @throws ConfigError */
function faceFolders() {
  const { train, pairs, out, results } = values;
  if (!train || !pairs)
    throw new ConfigError('The study needs --train FOLDER and --pairs FOLDER; see --help.');
  return { train, pairs, out, results, seeds: number('seeds', 3) };
}

function faceres(): Promise<unknown> {
  return faceresStudy({ ...faceFolders(), openBackbone: openFaceres, recipe: headRecipe() });
}

function drift(): Promise<unknown> {
  const seeds = number('seeds', 3);
  return driftStudy({ ...trainFolder(), seeds, openBackbone: openFaceres, recipe: headRecipe() });
}

function sizes(): Promise<unknown> {
  return sizesStudy({
    ...trainFolder(),
    networks: [
      { inputSize: 40, width: 16 },
      { inputSize: 40, width: 32 },
      { inputSize: 56, width: 8 },
      { inputSize: 56, width: 16 },
      { inputSize: 80, width: 8 },
    ],
    minutes: number('minutes', 6),
    mostPairs: 1500,
    command: 'npm run study -- sizes --train lfw-gray112-train',
    recipe: faceRecipe(),
  });
}

/** What the studies without pairs share. @throws ConfigError */
function trainFolder() {
  const { train, out, results } = values;
  if (!train) throw new ConfigError('The study needs --train FOLDER; see --help.');
  return { train, out, results };
}

function headRecipe(): HeadRecipe {
  return {
    steps: number('steps', 1000),
    batchSize: number('batch', 128),
    learningRate: number('rate', 0.1),
    weightDecay: 5e-4,
    embeddingSize: 128,
    scale: number('scale', 32),
  };
}

function faceOptions(name: string): LfwStudyOptions {
  return {
    ...faceFolders(),
    inputSize: number('size', 80),
    longSteps: number('long-steps', 10_500),
    command: `npm run study -- ${name} --train lfw-gray112-train --pairs lfw-gray112-pairs`,
    recipe: faceRecipe(),
  };
}

function faceRecipe(): Recipe {
  return {
    steps: number('steps', 2100),
    batchSize: number('batch', 64),
    learningRate: number('rate', 0.1),
    weightDecay: 5e-4,
    scale: number('scale', 32),
    width: number('width', 8),
    blocks: [2, 2, 2, 2],
    embeddingSize: 128,
    dropout: 0.4,
  };
}

function uniform(): Promise<unknown> {
  const { set, data, out, results } = values;
  if (!imageSets.includes(set as ImageSet)) {
    throw new ConfigError(`--set knows ${imageSets.join(', ')}, not '${set}'.`);
  }
  const folder = data === undefined ? '' : ' --data FOLDER';
  const length = values.steps === undefined ? '' : ` --steps ${values.steps}`;
  return uniformStudy({
    command: `npm run study -- uniform --set ${set}${folder}${length}`,
    set: set as ImageSet,
    data,
    out,
    results,
    seeds: number('seeds', 3),
    recipe: {
      steps: number('steps', 1400),
      batchSize: number('batch', 128),
      learningRate: number('rate', 0.1),
      weightDecay: 5e-4,
    },
  });
}

/** A number of the command line. @throws ConfigError */
function number(option: keyof typeof values, missing: number): number {
  const given = values[option];
  if (given === undefined) return missing;
  const value = Number(given);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigError(`--${option} must be a number of at least 0, but is '${String(given)}'.`);
}
