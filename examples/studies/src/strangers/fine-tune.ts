import { readFile } from 'node:fs/promises';
import { ConfigError, decodeState } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import type { Recipe } from '../lfw/train-once.ts';
import type { FaceImages } from './face-set.ts';
import type { StrangersLoss } from './losses.ts';
import type { StrangersRun } from './measure.ts';
import { weightsPath } from './networks.ts';
import { type NetworkSettings, trainAndMeasure } from './train-and-measure.ts';

/** Loss of the network from nothing that all fine-tuned networks continue. */
export const startLoss: StrangersLoss = 'CosFace';

/**
 * Trains the network from nothing of `startLoss` further with a loss, with the same people held out, and measures it.
 * @param settings `folder` is where the weights are stored
 * @throws ConfigError if the weights are not stored
 */
export async function fineTune(
  faces: FaceImages,
  loss: StrangersLoss,
  seed: number,
  { folder, ...settings }: NetworkSettings & { readonly folder: string },
): Promise<StrangersRun> {
  const bytes = await readWeights(weightsPath(folder, startLoss));
  return trainAndMeasure(faces, { start: 'fine-tuned', loss, seed }, settings, {
    beforeTraining: (backbone) => tf.tidy(() => backbone.setState(decodeState(bytes))),
  });
}

/**
 * Returns the recipe of fine-tuning: a quarter of the steps, with the learning rate and the weight decay towards the start that
 * `openset train --init` has by default.
 */
export function fineTuningRecipe(recipe: Recipe): Recipe {
  const steps = Math.max(1, Math.round(recipe.steps / 4));
  return { ...recipe, steps, learningRate: 0.001, weightDecay: 0.01, weightDecayTowards: 'start' };
}

async function readWeights(path: string): Promise<Uint8Array> {
  return readFile(path).catch(() => {
    throw new ConfigError(
      `${path} is missing: the weights that fine-tuning starts from. Run --stages networks --losses ${startLoss} first.`,
    );
  });
}
