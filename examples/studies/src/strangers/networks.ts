import { readThreshold } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import { Verifier } from '@openset/verify';
import { trainForMinutes } from '../lfw/train-for-minutes.ts';
import { faceNetwork, orderedBatches, type Recipe, trainFaces } from '../lfw/train-once.ts';
import { type FaceImages, rowsByPerson } from './face-set.ts';
import { makeStrangersLoss, type StrangersLoss } from './losses.ts';
import { measureNetwork, type StrangersRun } from './measure.ts';
import { heldOutPeople, splitPeople } from './split-people.ts';

/** Settings of the networks that start from random weights. */
export interface NetworkSettings {
  readonly inputSize: number;
  /** Training time. */
  readonly minutes: number;
  readonly recipe: Recipe;
}

/** Largest number of images of a person to train on, as in `openset train`. */
const imagesPerPerson = 50;

/** Trains a network from random weights for some minutes on the people who are not held out, and measures it. */
export async function trainFromNothing(
  faces: FaceImages,
  loss: StrangersLoss,
  seed: number,
  { inputSize, minutes, recipe }: NetworkSettings,
): Promise<StrangersRun> {
  const people = faces.trainPeople;
  const split = splitPeople(people, people, heldOutPeople(people), seed);
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  const images = await decodeIntoMemory(faces.train, size);
  const others = await decodeIntoMemory(faces.others, size);
  const rowsOf = rowsByPerson(images.labels);
  const rows = split.trained.flatMap((person) => rowsOf.get(person)!.slice(0, imagesPerPerson));
  const set = { train: subsetSource(images, rows, split.trained), inputSize };
  const start = () => {
    const { embeddingSize, scale } = recipe;
    const numClasses = split.trained.length;
    const ownLoss = makeStrangersLoss(loss, { numClasses, embeddingSize, scale, seed });
    const backbone = faceNetwork(set, seed, recipe);
    return {
      backbone,
      loss: ownLoss,
      train: (steps: number) => trainFaces(set, backbone, ownLoss, seed, { ...recipe, steps }),
      dispose: () => {
        backbone.dispose();
        ownLoss.dispose();
      },
    };
  };
  const { network, seconds } = await trainForMinutes(start, minutes);
  const learned = await readThreshold(network.loss);
  const verifier = new Verifier({ backbone: network.backbone, threshold: 0, batchSize: 64 });
  const embed = (source: ImageSource) => verifier.embedBatches(orderedBatches(source, inputSize));
  const all = [...(await embed(images)), ...(await embed(others))];
  network.dispose();
  const values = new Float32Array(all.length * recipe.embeddingSize);
  for (const [row, embedding] of all.entries()) values.set(embedding, row * recipe.embeddingSize);
  const embeddings = { values, size: recipe.embeddingSize, labels: faces.labels };
  const measured = measureNetwork(faces, { embeddings, learned, ...split }, seed);
  return { start: 'nothing', loss, people, heldOut: split.held.length, seed, seconds, ...measured };
}
