import { smallCnn } from '@openset/backbones';
import type { Backbone, OpenSetLoss } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { Verifier } from '@openset/verify';
import type { Features } from '../faceres/features.ts';
import type { HeadRecipe } from '../faceres/head.ts';
import { orderedBatches } from '../lfw/train-once.ts';
import { type FaceImages, rowsByPerson, selectRows } from '../strangers/face-set.ts';
import type { FaceEmbeddings } from '../strangers/people-pairs.ts';
import type { PeopleSplit } from '../strangers/split-people.ts';
import { type DecodedFaces, imagesPerPerson, trainingSet } from '../strangers/train-and-measure.ts';
import { type TrainingRecipe, trainNetwork } from '../train-network.ts';

/** Settings of the heads; each loss has its own number of steps. */
export type HeadSettings = Omit<HeadRecipe, 'steps' | 'scale'>;

/** Settings of the networks from nothing; each loss has its own number of steps. */
export interface NetworkSettings extends Omit<TrainingRecipe, 'steps'> {
  readonly inputSize: number;
  /** Channels of the first convolution. */
  readonly width: number;
  readonly embeddingSize: number;
}

/** Returns the features and labels of the people who are not held out. */
export function headData(
  { labels }: Pick<FaceImages, 'labels'>,
  features: Features,
  { trained }: PeopleSplit,
): { readonly features: Features; readonly labels: readonly number[] } {
  const rowsOf = rowsByPerson(labels);
  const rows = trained.map((person) => rowsOf.get(person)!.slice(0, imagesPerPerson));
  return {
    features: selectRows(features, rows.flat()),
    labels: rows.flatMap((own, person) => own.map(() => person)),
  };
}

/** Creates a network with random weights. `train` trains it on the people who are not held out. */
export function startNetwork(
  faces: DecodedFaces,
  split: PeopleSplit,
  loss: OpenSetLoss,
  seed: number,
  settings: NetworkSettings,
) {
  const { inputSize, width, embeddingSize, ...recipe } = settings;
  const backbone = smallCnn({ inputSize, channels: 1, width, embeddingSize, seed });
  const source = trainingSet(faces.train, split);
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  const augment = [
    { kind: 'pad-crop', padding: Math.round(inputSize / 16) },
    { kind: 'horizontal-flip' },
  ] as const;
  return {
    backbone,
    train: (steps: number) =>
      trainNetwork({ backbone, loss, source, size, augment, seed, recipe: { ...recipe, steps } }),
  };
}

/** Embeds the images of the people held out and of those in the pairs folder. The rows of the others are 0. */
export async function embedStrangers(
  { train, others }: DecodedFaces,
  { labels }: Pick<FaceImages, 'labels'>,
  { held }: PeopleSplit,
  { backbone, inputSize }: { readonly backbone: Backbone; readonly inputSize: number },
): Promise<FaceEmbeddings> {
  const verifier = new Verifier({ backbone, threshold: 0, batchSize: 64 });
  const embed = (source: ImageSource) => verifier.embedBatches(orderedBatches(source, inputSize));
  const rowsOf = rowsByPerson(train.labels);
  const heldRows = held.flatMap((person) => rowsOf.get(person)!);
  const size = backbone.embeddingSize;
  const values = new Float32Array(labels.length * size);
  const place = (rows: readonly Float32Array[], rowOf: (index: number) => number) =>
    rows.forEach((row, index) => {
      values.set(row, rowOf(index) * size);
    });
  place(await embed(subsetSource(train, heldRows)), (index) => heldRows[index]!);
  place(await embed(others), (index) => train.size + index);
  return { values, size, labels };
}
