import { lresnetIR } from '@openset/backbones';
import { type Backbone, type LearnedThreshold, type OpenSetLoss, readThreshold } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import { type IdentityThresholds, identityThresholds, sampleIdentityScores } from '@openset/metrics';
import { Verifier } from '@openset/verify';
import { type TrainingRecipe, trainNetwork } from '../train-network.ts';
import type { Faces } from './faces.ts';
import { type LossName, makeLoss } from './losses.ts';

/** Settings of the network and its training; the same for all losses. */
export interface Recipe extends TrainingRecipe {
  readonly scale: number;
  /** Channels of the first stage. */
  readonly width: number;
  readonly blocks: readonly number[];
  readonly embeddingSize: number;
  readonly dropout: number;
}

/** Result of one run. */
export interface TrainedRun {
  readonly loss: LossName;
  readonly seed: number;
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly learned: LearnedThreshold | null;
  /** Cosine of each pair, in the order of the pairs. */
  readonly cosines: readonly number[];
  /** Threshold of each person with at least two images. */
  readonly thresholds: IdentityThresholds;
}

/** Trains a network from random weights with one loss, and scores the pairs. */
export async function trainOnce(
  faces: Faces,
  name: LossName,
  seed: number,
  recipe: Recipe,
): Promise<TrainedRun> {
  const { embeddingSize, scale } = recipe;
  const backbone = faceNetwork(faces, seed, recipe);
  const loss = makeLoss(name, { numClasses: faces.train.classNames.length, embeddingSize, scale, seed });
  const { epochs, seconds } = await trainFaces(faces, backbone, loss, seed, recipe);
  const learned = await readThreshold(loss);
  const verifier = new Verifier({ backbone, threshold: learned?.cosine ?? 0, batchSize: 64 });
  const cosines = await pairCosines(faces, verifier);
  const thresholds = await personThresholds(faces, verifier);
  backbone.dispose();
  loss.dispose();
  return { loss: name, seed, steps: recipe.steps, epochs, seconds, learned, cosines, thresholds };
}

/** Creates the untrained network of the study. */
export function faceNetwork({ inputSize }: Pick<Faces, 'inputSize'>, seed: number, recipe: Recipe): Backbone {
  const { width, blocks, embeddingSize, dropout } = recipe;
  return lresnetIR({ blocks, width, inputSize, channels: 1, embeddingSize, dropout, seed });
}

/** Trains with the augmentation of the study: flips and small shifts. */
export function trainFaces(
  { train, inputSize }: Pick<Faces, 'train' | 'inputSize'>,
  backbone: Backbone,
  loss: OpenSetLoss,
  seed: number,
  recipe: Recipe,
) {
  return trainNetwork({
    backbone,
    loss,
    source: train,
    size: { height: inputSize, width: inputSize, channels: 1 },
    augment: [{ kind: 'pad-crop', padding: Math.round(inputSize / 16) }, { kind: 'horizontal-flip' }],
    seed,
    recipe,
  });
}

async function pairCosines({ pairs, pairImages, inputSize }: Faces, verifier: Verifier): Promise<number[]> {
  const embeddings = await verifier.embedBatches(orderedBatches(pairImages, inputSize));
  return Array.from({ length: pairs.size }, (_, pair) => {
    return verifier.compare(embeddings[2 * pair]!, embeddings[2 * pair + 1]!).cosine;
  });
}

/** Computes the threshold of each person: eq. 19 of UniTSFace, with the pairs of its figure. */
async function personThresholds(
  { people, inputSize }: Faces,
  verifier: Verifier,
): Promise<IdentityThresholds> {
  const embeddings = await verifier.embedBatches(orderedBatches(people, inputSize));
  const size = embeddings[0]!.length;
  const rows = new Float32Array(embeddings.length * size);
  embeddings.forEach((embedding, row) => {
    rows.set(embedding, row * size);
  });
  const scores = sampleIdentityScores(rows, people.labels, size);
  return identityThresholds(scores.positives, scores.hardestNegatives, scores.labels);
}

/** Loads every image once, in order, in batches. */
export function orderedBatches(images: ImageSource, inputSize: number) {
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  return createLoader(images, { ...size, batchSize: 64, shuffle: false, workers: 0 });
}
