import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backbone, encodeState, readThreshold } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import { Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs';
import { faceNetwork, orderedBatches, type Recipe, trainFaces } from '../lfw/train-once.ts';
import { writeAtomically } from '../reuse-result.ts';
import { type FaceImages, rowsByPerson } from './face-set.ts';
import { makeStrangersLoss, type StrangersLoss } from './losses.ts';
import { measureNetwork, type StrangersRun } from './measure.ts';
import { heldOutPeople, splitPeople } from './split-people.ts';

/** Settings of the networks that start from random weights. */
export interface NetworkSettings {
  readonly inputSize: number;
  readonly recipe: Recipe;
  /** Number of threads of the backend; only written down. */
  readonly threads: number;
  /** Folder that stores the weights. */
  readonly folder: string;
}

/** Default number of steps: those that take 20 minutes with 2 threads on 2 cores of an AMD EPYC. */
export const networkSteps = 5000;

/** Largest number of images of a person to train on, as in `openset train`. */
const imagesPerPerson = 50;

/**
 * Trains a network from random weights on the people who are not held out, stores its weights, and measures it. The number of steps
 * is fixed, so a busy machine trains the same network in a longer time.
 */
export async function trainFromNothing(
  faces: FaceImages,
  loss: StrangersLoss,
  seed: number,
  { inputSize, recipe, threads, folder }: NetworkSettings,
): Promise<StrangersRun> {
  const people = faces.trainPeople;
  const split = splitPeople(people, people, heldOutPeople(people), seed);
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  const images = await decodeIntoMemory(faces.train, size);
  const others = await decodeIntoMemory(faces.others, size);
  const rowsOf = rowsByPerson(images.labels);
  const rows = split.trained.flatMap((person) => rowsOf.get(person)!.slice(0, imagesPerPerson));
  const set = { train: subsetSource(images, rows, split.trained), inputSize };
  const { embeddingSize, scale } = recipe;
  const numClasses = split.trained.length;
  const ownLoss = makeStrangersLoss(loss, { numClasses, embeddingSize, scale, seed });
  const backbone = faceNetwork(set, seed, recipe);
  const trained = await trainFaces(set, backbone, ownLoss, seed, recipe);
  await saveWeights(folder, loss, backbone);
  const learned = await readThreshold(ownLoss);
  const verifier = new Verifier({ backbone, threshold: 0, batchSize: 64 });
  const embed = (source: ImageSource) => verifier.embedBatches(orderedBatches(source, inputSize));
  const all = [...(await embed(images)), ...(await embed(others))];
  backbone.dispose();
  ownLoss.dispose();
  const values = new Float32Array(all.length * embeddingSize);
  for (const [row, embedding] of all.entries()) values.set(embedding, row * embeddingSize);
  const embeddings = { values, size: embeddingSize, labels: faces.labels };
  const measured = measureNetwork(faces, { embeddings, learned, ...split }, seed);
  const training = { steps: recipe.steps, ...trained, threads };
  return { start: 'nothing', loss, people, heldOut: split.held.length, seed, training, ...measured };
}

/** Returns the file of the weights of the network from nothing. */
export function weightsPath(folder: string, loss: StrangersLoss): string {
  return join(folder, `strangers-network-${loss.toLowerCase()}.safetensors`);
}

async function saveWeights(folder: string, loss: StrangersLoss, backbone: Backbone): Promise<void> {
  const state = backbone.getState();
  const bytes = await encodeState(state);
  tf.dispose(state);
  await mkdir(folder, { recursive: true });
  await writeAtomically(weightsPath(folder, loss), bytes);
}
