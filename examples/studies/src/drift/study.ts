import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backbone, normalizeRows, type OpenSetLoss, randomNumbers } from '@openset/core';
import { openImageFolder } from '@openset/data/node';
import * as tf from '@tensorflow/tfjs';
import { describeMachine } from '../describe-machine.ts';
import { type Features, loadOrComputeFeatures } from '../faceres/features.ts';
import { type HeadRecipe, trainHead } from '../faceres/head.ts';
import { type LossName, makeLoss } from '../lfw/losses.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { type DriftRun, type DriftStudy, driftFigure, driftPage } from './page.ts';

/** Options of the study. */
export interface DriftStudyOptions {
  readonly train: string;
  readonly out: string;
  readonly results: string;
  readonly seeds: number;
  readonly recipe: HeadRecipe;
  readonly openBackbone: () => Promise<Backbone>;
}

/** Corruption of the training set, as shares of its images. */
export interface Condition {
  readonly name: string;
  /** Share of images with another person's label. */
  readonly wrongLabels: number;
  /** Share of images whose lower half is covered. */
  readonly covered: number;
}

const conditions: readonly Condition[] = [
  { name: 'clean', wrongLabels: 0, covered: 0 },
  { name: '20 % wrong labels', wrongLabels: 0.2, covered: 0 },
  { name: '40 % wrong labels', wrongLabels: 0.4, covered: 0 },
  { name: '30 % half covered', wrongLabels: 0, covered: 0.3 },
];

const losses: readonly LossName[] = ['CosFace', 'EPL-CosFace'];

/** Trains under each condition with each loss and seed, and writes the page. */
export async function driftStudy(options: DriftStudyOptions): Promise<DriftStudy> {
  const { out, results, seeds, recipe } = options;
  await mkdir(out, { recursive: true });
  const train = await openImageFolder(options.train);
  const [whole, covered] = await loadOrComputeFeatures(options, [
    { name: 'faceres-train', source: train },
    { name: 'faceres-train-covered', source: train, alter: coverLowerHalf },
  ]);
  const numClasses = train.classNames.length;
  const data = { whole: whole!, covered: covered!, labels: train.labels, numClasses };
  const runs: DriftRun[] = [];
  for (const condition of conditions) {
    for (const loss of losses) {
      for (let seed = 1; seed <= seeds; seed++) {
        console.error(`${condition.name}: ${loss}, seed ${seed}`);
        const name = `drift-${conditions.indexOf(condition)}-${loss.toLowerCase()}-${seed}`;
        const key = { recipe, condition };
        runs.push(await reuseResult(results, name, key, () => runOnce(data, condition, loss, seed, recipe)));
      }
    }
  }
  const counts = { images: train.size, people: numClasses };
  await train.close();
  const study = { runs, recipe, counts, machine: describeMachine() };
  await writeAtomically(join(out, 'drift.svg'), driftFigure(study));
  await writeAtomically(join(out, 'drift.md'), driftPage(study));
  return study;
}

function coverLowerHalf(images: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const upper = Math.floor(height / 2);
  const seen = tf.slice(images, 0, [batch, upper, width, channels]);
  return tf.concat([seen, tf.zeros([batch, height - upper, width, channels])], 1) as tf.Tensor4D;
}

/** Features of the same images, whole and with the lower half covered. */
interface DriftData {
  readonly whole: Features;
  readonly covered: Features;
  readonly labels: Int32Array;
  readonly numClasses: number;
}

async function runOnce(
  { whole, covered, labels, numClasses }: DriftData,
  { name, wrongLabels, covered: coveredShare }: Condition,
  lossName: LossName,
  seed: number,
  recipe: HeadRecipe,
): Promise<DriftRun> {
  const random = randomNumbers(seed);
  const { size } = whole;
  const values = whole.values.slice();
  const given = labels.map((label, row) => {
    if (random() < coveredShare)
      values.set(covered.values.subarray(row * size, (row + 1) * size), row * size);
    if (random() >= wrongLabels) return label;
    // Every other person is equally likely.
    return (label + 1 + Math.floor(random() * (numClasses - 1))) % numClasses;
  });
  const { embeddingSize, scale } = recipe;
  const loss = makeLoss(lossName, { numClasses, embeddingSize, scale, seed });
  const head = await trainHead({ values, size }, given, loss, seed, recipe);
  const embeddings = head.embed(whole);
  const vectors = await readClassVectors(loss);
  head.dispose();
  loss.dispose();
  const measured = vectors.map((vector) => measureVectors(embeddings, labels, vector, embeddingSize));
  return {
    condition: name,
    loss: lossName,
    seed,
    weights: measured[0]!.angle,
    accuracyByWeights: measured[0]!.accuracy,
    prototypes: measured[1]?.angle ?? null,
    accuracyByPrototypes: measured[1]?.accuracy ?? null,
  };
}

/** Reads the class weights, and the prototypes if the loss has them. */
async function readClassVectors(loss: OpenSetLoss): Promise<Float32Array[]> {
  const state = loss.getState();
  const tensors = [state.weight, state.empiricalPrototypes].filter((tensor) => tensor !== undefined);
  const vectors = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(state);
  return vectors;
}

/** Measures the angle of class vectors to the true centres, and the accuracy of classifying images by them. */
function measureVectors(embeddings: Float32Array, labels: Int32Array, vectors: Float32Array, size: number) {
  return tf.tidy(() => {
    const rows = normalizeRows(tf.tensor2d(embeddings, [labels.length, size])).unit;
    const bank = normalizeRows(tf.tensor2d(vectors, [vectors.length / size, size])).unit;
    const classes = tf.tensor1d(labels, 'int32');
    const centres = normalizeRows(tf.unsortedSegmentSum(rows, classes, bank.shape[0])).unit;
    const cosines = tf.clipByValue(tf.sum(tf.mul(centres, bank), 1), -1, 1);
    const [angle] = tf.mul(tf.mean(tf.acos(cosines)), 180 / Math.PI).dataSync();
    const nearest = tf.argMax(tf.matMul(rows, bank, false, true), 1);
    const [accuracy] = tf.mean(tf.cast(tf.equal(nearest, classes), 'float32')).dataSync();
    return { angle: angle!, accuracy: accuracy! };
  });
}
