import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backbone, normalizeRows, type OpenSetLoss, randomNumbers } from '@openset/core';
import { openImageFolder } from '@openset/data/node';
import * as tf from '@tensorflow/tfjs';
import { type Features, keptFeatures } from '../faceres/features.ts';
import { type HeadRecipe, trainHead } from '../faceres/head.ts';
import { kept, writeWhole } from '../kept-results.ts';
import { type LossName, makeLoss } from '../lfw/losses.ts';
import { machine } from '../machine.ts';
import { type DriftStudy, driftFigure, driftPage } from './page.ts';

/** Options of the study. */
export interface DriftStudyOptions {
  readonly train: string;
  readonly out: string;
  readonly results: string;
  readonly seeds: number;
  readonly recipe: HeadRecipe;
  readonly openBackbone: () => Promise<Backbone>;
}

/** What is wrong with the training set: shares of its pictures. */
export interface Condition {
  readonly name: string;
  /** Pictures with the label of somebody else. */
  readonly wrongLabels: number;
  /** Pictures whose lower half is covered. */
  readonly covered: number;
}

const conditions: readonly Condition[] = [
  { name: 'clean', wrongLabels: 0, covered: 0 },
  { name: '20 % wrong labels', wrongLabels: 0.2, covered: 0 },
  { name: '40 % wrong labels', wrongLabels: 0.4, covered: 0 },
  { name: '30 % half covered', wrongLabels: 0, covered: 0.3 },
];

/** A head that was trained under a condition. */
export interface DriftRun {
  readonly condition: string;
  readonly loss: LossName;
  readonly seed: number;
  /**
   * Angles in degrees between a class's vector and the true centre of the class, the mean of its unchanged pictures under
   * their true labels: mean over the classes. `prototypes` is null for losses without them.
   */
  readonly weights: number;
  readonly prototypes: number | null;
  /** Share of the unchanged pictures whose own class has the most similar vector. */
  readonly accuracyByWeights: number;
  readonly accuracyByPrototypes: number | null;
}

const losses: readonly LossName[] = ['CosFace', 'EPL-CosFace'];

/** Trains under each condition with each loss and seed, and writes the page. */
export async function driftStudy(options: DriftStudyOptions): Promise<DriftStudy> {
  const { out, results, seeds, recipe } = options;
  await mkdir(out, { recursive: true });
  const train = await openImageFolder(options.train);
  const [whole, covered] = await keptFeatures(options, [
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
        runs.push(await kept(results, name, key, () => runOnce(data, condition, loss, seed, recipe)));
      }
    }
  }
  const counts = { images: train.size, people: numClasses };
  await train.close();
  const study = { runs, recipe, counts, machine: machine() };
  await writeWhole(join(out, 'drift.svg'), driftFigure(study));
  await writeWhole(join(out, 'drift.md'), driftPage(study));
  return study;
}

function coverLowerHalf(images: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const upper = Math.floor(height / 2);
  const seen = tf.slice(images, 0, [batch, upper, width, channels]);
  return tf.concat([seen, tf.zeros([batch, height - upper, width, channels])], 1) as tf.Tensor4D;
}

/** The same pictures in their usual and in their covered form. */
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
    // Anybody else, each equally likely.
    return (label + 1 + Math.floor(random() * (numClasses - 1))) % numClasses;
  });
  const { embeddingSize, scale } = recipe;
  const loss = makeLoss(lossName, { numClasses, embeddingSize, scale, seed });
  const head = await trainHead({ values, size }, given, loss, seed, recipe);
  const embeddings = head.embed(whole);
  const vectors = await classVectors(loss);
  head.dispose();
  loss.dispose();
  const measured = vectors.map((vector) => against(embeddings, labels, vector, embeddingSize));
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

/** The weights, and the prototypes of a loss that has them. */
async function classVectors(loss: OpenSetLoss): Promise<Float32Array[]> {
  const state = loss.getState();
  const tensors = [state.weight, state.empiricalPrototypes].filter((tensor) => tensor !== undefined);
  const vectors = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(state);
  return vectors;
}

/** How far class vectors lie from the true centres, and how many pictures they classify rightly. */
function against(embeddings: Float32Array, labels: Int32Array, vectors: Float32Array, size: number) {
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
