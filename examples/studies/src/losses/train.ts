import { smallCnn } from '@openset/backbones';
import { type Backbone, minimize, type OpenSetLoss, randomNumbers } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { Sgd } from '@openset/train';
import { Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs';
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

/** Returns a training of the loss alone, on random embeddings that stand for those of a network. */
export function lossAlone(
  loss: OpenSetLoss,
  { numClasses, embeddingSize, seed }: { numClasses: number; embeddingSize: number; seed: number },
  { batchSize, learningRate, weightDecay }: Omit<NetworkSettings, 'inputSize' | 'width'>,
) {
  const embeddings = tf.tidy(() =>
    tf.variable(tf.randomNormal<tf.Rank.R2>([batchSize, embeddingSize], 0, 1, 'float32', seed)),
  );
  const random = randomNumbers(seed);
  const optimizer = new Sgd({ learningRate, momentum: 0.9, weightDecay });
  return {
    train: async (steps: number) => {
      for (let step = 0; step < steps; step++) {
        const people = Array.from({ length: batchSize }, () => Math.floor(random() * numClasses));
        const labels = tf.tensor1d(people, 'int32');
        const embed = () => embeddings as tf.Tensor2D;
        try {
          minimize(optimizer, loss, embed, labels, { context: { epoch: 0 } }).dispose();
        } finally {
          labels.dispose();
        }
      }
    },
    dispose: () => {
      optimizer.dispose();
      embeddings.dispose();
    },
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
