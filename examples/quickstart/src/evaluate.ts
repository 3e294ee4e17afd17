import type { LearnedThreshold, OpenSetLoss } from '@openset/core';
import {
  accuracyAt,
  bestAccuracy,
  cosineSimilarities,
  equalErrorRate,
  type OperatingPoint,
  pairSimilarities,
  rocCurve,
  samplePairs,
  uniformAccuracyAt,
  uniformClassification,
} from '@openset/metrics';
import type * as tf from '@tensorflow/tfjs';
import { embed, embeddingSize } from './embedder.ts';
import { readBank } from './losses.ts';
import type { Digits } from './mnist.ts';

/** Verification of pairs of images: same digit or different digits. */
export interface PairResult {
  readonly similarities: Float64Array;
  readonly isSame: Uint8Array;
  readonly bestAccuracy: number;
  readonly bestThreshold: number;
  readonly equalErrorRate: number;
  /** Accuracy at the learned threshold; null for losses that learn none between two embeddings. */
  readonly learnedAccuracy: number | null;
  readonly roc: { readonly far: number; readonly tar: number }[];
}

/** Classification of the trained digits by the loss's bank. */
export interface ClassResult {
  readonly sampleWise: number;
  readonly classWise: number;
  readonly uniform: number;
  readonly bestThreshold: number;
  /** Uniform accuracy at the learned threshold; null for losses that learn none between an embedding and a class weight. */
  readonly learnedUniform: number | null;
  /** Cosine of each image with its own class, and the largest one with another class. */
  readonly positives: Float32Array;
  readonly hardestNegatives: Float32Array;
}

/** All measurements of one trained model. */
export interface Evaluation {
  readonly threshold: LearnedThreshold | null;
  readonly seen: PairResult;
  readonly unseen: PairResult;
  readonly classes: ClassResult;
}

const pairCount = 10_000;

/** Evaluates a trained model on pairs of seen and unseen digits, and on the classes of the seen ones. */
export async function evaluate(
  model: tf.LayersModel,
  loss: OpenSetLoss,
  { seen, unseen, seed }: { seen: Digits; unseen: Digits; seed: number },
): Promise<Evaluation> {
  const threshold = loss.threshold();
  const seenEmbeddings = await embed(model, seen);
  const pairThreshold = threshold?.between === 'embeddings' ? threshold.cosine : null;
  const classThreshold = threshold?.between === 'embedding and class' ? threshold.cosine : null;
  return {
    threshold,
    seen: verify(seenEmbeddings, seen.labels, pairThreshold, seed),
    unseen: verify(await embed(model, unseen), unseen.labels, pairThreshold, seed),
    classes: classify(seenEmbeddings, seen.labels, await readBank(loss), classThreshold),
  };
}

function verify(
  embeddings: Float32Array,
  labels: Uint8Array,
  learned: number | null,
  seed: number,
): PairResult {
  const { pairs, isSame } = samplePairs(labels, { count: pairCount, seed });
  const similarities = pairSimilarities(embeddings, embeddingSize, pairs);
  const best = bestAccuracy(similarities, isSame);
  return {
    similarities,
    isSame,
    bestAccuracy: best.accuracy,
    bestThreshold: best.threshold,
    equalErrorRate: equalErrorRate(similarities, isSame).rate,
    learnedAccuracy: learned === null ? null : accuracyAt(similarities, isSame, learned).accuracy,
    roc: thinCurve(rocCurve(similarities, isSame)),
  };
}

function classify(
  embeddings: Float32Array,
  labels: Uint8Array,
  bank: Float32Array,
  learned: number | null,
): ClassResult {
  const numClasses = bank.length / embeddingSize;
  const scores = new Float32Array(labels.length * numClasses);
  for (let row = 0; row < labels.length; row++) {
    const embedding = embeddings.subarray(row * embeddingSize, (row + 1) * embeddingSize);
    const repeated = new Float32Array(bank.length);
    for (let start = 0; start < bank.length; start += embeddingSize) repeated.set(embedding, start);
    scores.set(cosineSimilarities(repeated, bank, embeddingSize), row * numClasses);
  }
  const result = uniformClassification(scores, labels, numClasses);
  const others = (row: number) =>
    [...scores.subarray(row * numClasses, (row + 1) * numClasses)].filter(
      (_, index) => index !== labels[row],
    );
  return {
    sampleWise: result.sampleWiseAccuracy,
    classWise: result.classWiseAccuracy,
    uniform: result.uniformAccuracy,
    bestThreshold: result.threshold,
    learnedUniform: learned === null ? null : uniformAccuracyAt(scores, labels, numClasses, learned),
    positives: Float32Array.from(labels, (label, row) => scores[row * numClasses + label]!),
    hardestNegatives: Float32Array.from(labels, (_, row) => Math.max(...others(row))),
  };
}

/** Returns at most 200 points of a ROC curve, for drawing. */
function thinCurve({
  far,
  tar,
}: {
  far: Float64Array;
  tar: Float64Array;
}): Pick<OperatingPoint, 'far' | 'tar'>[] {
  const step = Math.max(1, Math.ceil(far.length / 200));
  const points = Array.from(far, (value, index) => ({ far: value, tar: tar[index]! }));
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
