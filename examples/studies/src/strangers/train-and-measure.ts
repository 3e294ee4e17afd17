import { type Backbone, type OpenSetLoss, readThreshold } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { decodeIntoMemory } from '@openset/data/node';
import { Verifier } from '@openset/verify';
import { faceNetwork, orderedBatches, type Recipe, trainFaces } from '../lfw/train-once.ts';
import { type FaceImages, rowsByPerson } from './face-set.ts';
import { makeStrangersLoss, type StrangersLoss } from './losses.ts';
import { measureNetwork, type Start, type StrangersRun } from './measure.ts';
import { heldOutPeople, type PeopleSplit, splitPeople } from './split-people.ts';

/** Settings of a trained network. */
export interface NetworkSettings {
  readonly inputSize: number;
  readonly recipe: Recipe;
  /** Number of threads of the backend; only written down. */
  readonly threads: number;
}

/** Largest number of images of a person to train on, as in `openset train`. */
export const imagesPerPerson = 50;

/** What happens before and after the training. */
export interface TrainingHooks {
  readonly beforeTraining?: (backbone: Backbone) => void;
  readonly afterTraining?: (backbone: Backbone) => Promise<void>;
}

/** Trains a network on the people who are not held out, and measures it. The seed decides who is held out. */
export async function trainAndMeasure(
  faces: FaceImages,
  { start, loss, seed }: { readonly start: Start; readonly loss: StrangersLoss; readonly seed: number },
  { inputSize, recipe, threads }: NetworkSettings,
  hooks: TrainingHooks,
): Promise<StrangersRun> {
  const people = faces.trainPeople;
  const split = splitPeople(people, people, heldOutPeople(people), seed);
  const { embeddingSize, scale } = recipe;
  const images = await decodeFaces(faces, inputSize);
  const set = { train: trainingSet(images.train, split), inputSize };
  const backbone = faceNetwork(set, seed, recipe);
  const numClasses = split.trained.length;
  const trainedLoss = makeStrangersLoss(loss, { numClasses, embeddingSize, scale, seed });
  try {
    hooks.beforeTraining?.(backbone);
    const trained = await trainFaces(set, backbone, trainedLoss, seed, recipe);
    await hooks.afterTraining?.(backbone);
    const network = await embedFaces(images, { backbone, loss: trainedLoss, inputSize });
    const embeddings = { ...network.embeddings, labels: faces.labels };
    const measured = measureNetwork(faces, { embeddings, learned: network.learned, ...split }, seed);
    const training = { steps: recipe.steps, ...trained, threads };
    return { start, loss, people, heldOut: split.held.length, seed, training, ...measured };
  } finally {
    backbone.dispose();
    trainedLoss.dispose();
  }
}

/** Images of the study, decoded into memory. */
export interface DecodedFaces {
  readonly train: ImageSource;
  readonly others: ImageSource;
}

/** Decodes all images into memory: grey, of one size. */
export async function decodeFaces({ train, others }: FaceImages, inputSize: number): Promise<DecodedFaces> {
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  return { train: await decodeIntoMemory(train, size), others: await decodeIntoMemory(others, size) };
}

/** Returns the images of the people to train on; the person's place in `trained` is the label. */
export function trainingSet(images: ImageSource, { trained }: PeopleSplit): ImageSource {
  const rowsOf = rowsByPerson(images.labels);
  const rows = trained.flatMap((person) => rowsOf.get(person)!.slice(0, imagesPerPerson));
  return subsetSource(images, rows, trained);
}

async function embedFaces(
  { train, others }: DecodedFaces,
  {
    backbone,
    loss,
    inputSize,
  }: { readonly backbone: Backbone; readonly loss: OpenSetLoss; readonly inputSize: number },
) {
  const verifier = new Verifier({ backbone, threshold: 0, batchSize: 64 });
  const embed = (source: ImageSource) => verifier.embedBatches(orderedBatches(source, inputSize));
  const rows = [...(await embed(train)), ...(await embed(others))];
  const size = backbone.embeddingSize;
  const values = new Float32Array(rows.length * size);
  for (const [row, embedding] of rows.entries()) values.set(embedding, row * size);
  return { embeddings: { values, size }, learned: await readThreshold(loss) };
}
