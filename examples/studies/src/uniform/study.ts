import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { smallCnn } from '@openset/backbones';
import { BceDiverseLoss, BceUnifiedLoss } from '@openset/bce-unified';
import type { Backbone, OpenSetLoss } from '@openset/core';
import { type ImageSource, toTensors } from '@openset/data';
import { createLoader } from '@openset/data/node';
import { SoftmaxLoss } from '@openset/margin';
import { bootstrapInterval, uniformAccuracyAt, uniformClassification } from '@openset/metrics';
import * as tf from '@tensorflow/tfjs';
import { decodeAndClose } from '../decode-and-close.ts';
import { describeMachine } from '../describe-machine.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { type TrainingRecipe, trainNetwork } from '../train-network.ts';
import { type ImageSet, type Images, openImages } from './images.ts';
import { type UniformRun, type UniformStudy, uniformFigure, uniformPage } from './page.ts';

/** Options of the study. */
export interface UniformStudyOptions {
  readonly set: ImageSet;
  /** Folder of the set's files. */
  readonly data: string | undefined;
  readonly seeds: number;
  readonly recipe: TrainingRecipe;
  readonly out: string;
  readonly results: string;
  /** Command that generates the page, as shown on it. */
  readonly command: string;
}

const embeddingSize = 64;

/** Losses in their classification form `W · x − b`, without normalisation, as in the paper's tables. */
const makers = {
  softmax: (sizes: Sizes) => new SoftmaxLoss({ ...sizes, normalized: false }),
  'BCE-diverse': (sizes: Sizes) => new BceDiverseLoss({ ...sizes, normalized: false }),
  'BCE-unified': (sizes: Sizes) => new BceUnifiedLoss({ ...sizes, normalized: false }),
};
type LossName = keyof typeof makers;
type Sizes = { numClasses: number; embeddingSize: number; seed: number };
const lossNames = Object.keys(makers) as LossName[];

/** Trains with each loss and seed, and writes the page of the set. */
export async function uniformStudy(options: UniformStudyOptions): Promise<UniformStudy> {
  const { set, seeds, recipe, out, results, command } = options;
  await mkdir(out, { recursive: true });
  const images = await decodeImages(await openImages(set, options.data));
  const runs: UniformRun[] = [];
  for (const loss of lossNames) {
    for (let seed = 1; seed <= seeds; seed++) {
      console.error(`${set}: ${loss}, seed ${seed}`);
      const name = `uniform-${set}-${loss.toLowerCase()}-${seed}`;
      runs.push(await reuseResult(results, name, recipe, () => runOnce(images, loss, seed, recipe)));
    }
  }
  const counts = { train: images.train.size, test: images.test.size };
  const study = { set, runs, recipe, counts, machine: describeMachine(), command };
  await writeAtomically(join(out, `uniform-${set}.svg`), uniformFigure(study));
  await writeAtomically(join(out, `uniform-${set}.md`), uniformPage(study));
  return study;
}

async function decodeImages(images: Images): Promise<Images> {
  const { inputSize, channels } = images;
  const size = { height: inputSize, width: inputSize, channels };
  return {
    ...images,
    train: await decodeAndClose(images.train, size),
    test: await decodeAndClose(images.test, size),
  };
}

async function runOnce(
  { train, test, inputSize, channels }: Images,
  name: LossName,
  seed: number,
  recipe: TrainingRecipe,
): Promise<UniformRun> {
  const numClasses = train.classNames.length;
  const size = { height: inputSize, width: inputSize, channels };
  const backbone = smallCnn({ inputSize, channels, embeddingSize, seed });
  const loss = makers[name]({ numClasses, embeddingSize, seed });
  const augment = [
    { kind: 'pad-crop', padding: 2 },
    ...(channels === 3 ? [{ kind: 'horizontal-flip' } as const] : []),
  ] as const;
  const { seconds } = await trainNetwork({ backbone, loss, source: train, size, augment, seed, recipe });
  const { scores, labels } = await computeClassScores(backbone, loss, test, size);
  const learned = name === 'BCE-unified' ? await readUnifiedBias(loss) : null;
  backbone.dispose();
  loss.dispose();

  const result = uniformClassification(scores, labels, numClasses);
  const uniformOf = (rows: Uint32Array) => {
    const picked = new Float32Array(rows.length * numClasses);
    rows.forEach((row, place) => {
      picked.set(scores.subarray(row * numClasses, (row + 1) * numClasses), place * numClasses);
    });
    const pickedLabels = Int32Array.from(rows, (row) => labels[row]!);
    return uniformClassification(picked, pickedLabels, numClasses).uniformAccuracy;
  };
  const { low, high } = bootstrapInterval(uniformOf, labels.length, { samples: 200 });
  return {
    loss: name,
    seed,
    sampleWise: result.sampleWiseAccuracy,
    classWise: result.classWiseAccuracy,
    uniform: result.uniformAccuracy,
    uniformInterval: [low, high],
    bestThreshold: result.threshold,
    learnedThreshold: learned,
    uniformAtLearned: learned === null ? null : uniformAccuracyAt(scores, labels, numClasses, learned),
    seconds,
  };
}

/** Returns the bias b of `W · x − b`, which is the threshold of the scores. */
async function readUnifiedBias(loss: OpenSetLoss): Promise<number> {
  const state = loss.getState();
  const [bias] = await state.bias!.data();
  tf.dispose(state);
  return bias!;
}

/** Computes `W · x` of every test image without the bias: `[images, numClasses]`, row-major. */
async function computeClassScores(
  backbone: Backbone,
  loss: OpenSetLoss,
  test: ImageSource,
  size: { height: number; width: number; channels: 1 | 3 },
): Promise<{ scores: Float32Array; labels: Int32Array }> {
  const numClasses = test.classNames.length;
  const scores = new Float32Array(test.size * numClasses);
  const labels = new Int32Array(test.size);
  const state = loss.getState();
  let done = 0;
  for await (const batch of createLoader(test, { ...size, batchSize: 250, shuffle: false, workers: 0 })) {
    const { images, labels: batchLabels } = toTensors(batch);
    const rows = tf.tidy(() => tf.matMul(backbone.forward(images), state.weight as tf.Tensor2D, false, true));
    scores.set(await rows.data(), done * numClasses);
    labels.set(batch.labels, done);
    done += batch.labels.length;
    tf.dispose([images, batchLabels, rows]);
  }
  tf.dispose(state);
  return { scores, labels };
}
