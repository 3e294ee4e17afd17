import { lresnetIR } from '@openset/backbones';
import { type Backbone, type LearnedThreshold, type OpenSetLoss, readThreshold } from '@openset/core';
import { createLoader } from '@openset/data/node';
import { Verifier } from '@openset/verify';
import { type TrainingRecipe, trainNetwork } from '../train-network.ts';
import type { Faces } from './faces.ts';
import { type LossName, makeLoss } from './losses.ts';
import { type Measurements, measure } from './measure.ts';

/** How the network is made and trained; the same for all losses. */
export interface Recipe extends TrainingRecipe {
  readonly scale: number;
  /** Channels of the first stage. */
  readonly width: number;
  readonly blocks: readonly number[];
  readonly embeddingSize: number;
  readonly dropout: number;
}

/** What one run gave. */
export interface RunResult extends Measurements {
  readonly loss: LossName;
  readonly seed: number;
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
  /** Of the pairs, in their order. */
  readonly cosines: readonly number[];
}

/** Trains a network from nothing with one loss, and measures it on the pairs. */
export async function trainOnce(
  faces: Faces,
  name: LossName,
  seed: number,
  recipe: Recipe,
): Promise<RunResult> {
  const { embeddingSize, scale } = recipe;
  const backbone = faceNetwork(faces, seed, recipe);
  const loss = makeLoss(name, { numClasses: faces.train.classNames.length, embeddingSize, scale, seed });
  const { epochs, seconds } = await trainFaces(faces, backbone, loss, seed, recipe);
  const learned = await readThreshold(loss);
  const { measurements, cosines } = await measureFaces(faces, backbone, learned);
  backbone.dispose();
  loss.dispose();
  return { ...measurements, loss: name, seed, steps: recipe.steps, epochs, seconds, cosines };
}

/** The untrained network of the study. */
export function faceNetwork({ inputSize }: Faces, seed: number, recipe: Recipe): Backbone {
  const { width, blocks, embeddingSize, dropout } = recipe;
  return lresnetIR({ blocks, width, inputSize, channels: 1, embeddingSize, dropout, seed });
}

/** Trains with the augmentation of the study: flips and small shifts. */
export function trainFaces(
  { train, inputSize }: Faces,
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

async function measureFaces(
  { pairs, pairImages, inputSize }: Faces,
  backbone: Backbone,
  learned: LearnedThreshold | null,
): Promise<{ measurements: Measurements; cosines: number[] }> {
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  const images = createLoader(pairImages, { ...size, batchSize: 64, shuffle: false, workers: 0 });
  const verifier = new Verifier({ backbone, threshold: learned?.cosine ?? 0, batchSize: 64 });
  const embeddings = await verifier.embedBatches(images);
  const cosines = Array.from({ length: pairs.size }, (_, pair) => {
    return verifier.compare(embeddings[2 * pair]!, embeddings[2 * pair + 1]!).cosine;
  });
  const folds = pairs.folds ?? new Int32Array(pairs.size);
  const scored = { cosines: Float64Array.from(cosines), isSame: pairs.isSame, folds };
  return { measurements: measure(scored, learned), cosines };
}
