import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Backbone, encodeState } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { writeAtomically } from '../reuse-result.ts';
import type { FaceImages } from './face-set.ts';
import type { StrangersLoss } from './losses.ts';
import type { StrangersRun } from './measure.ts';
import { type NetworkSettings, trainAndMeasure } from './train-and-measure.ts';

/** Default number of steps: those that take 20 minutes with 2 threads on 2 cores of an AMD EPYC. */
export const networkSteps = 6000;

/**
 * Trains a network from random weights on the people who are not held out, stores its weights, and measures it. The number of steps
 * is fixed, so a busy machine trains the same network in a longer time.
 * @param settings `folder` is where the weights are stored
 */
export async function trainFromNothing(
  faces: FaceImages,
  loss: StrangersLoss,
  seed: number,
  { folder, ...settings }: NetworkSettings & { readonly folder: string },
): Promise<StrangersRun> {
  return trainAndMeasure(faces, { start: 'nothing', loss, seed }, settings, {
    afterTraining: (backbone) => saveWeights(weightsPath(folder, loss), backbone),
  });
}

/** Returns the file of the weights of the network from nothing. */
export function weightsPath(folder: string, loss: StrangersLoss): string {
  return join(folder, `strangers-network-${loss.toLowerCase()}.safetensors`);
}

async function saveWeights(path: string, backbone: Backbone): Promise<void> {
  const state = backbone.getState();
  const bytes = await encodeState(state);
  tf.dispose(state);
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, bytes);
}
