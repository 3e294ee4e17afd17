import { DataError, didYouMean, type FaceCrop } from '@openset/core';
import { faceresThreshold } from './shipped-thresholds.ts';

/** A threshold that ships with a network, and the curve of its probabilities. */
export interface ShippedThreshold {
  /** Accept iff the cosine of two embeddings is at least this. */
  readonly cosine: number;
  /** Probability of the same person: `1 / (1 + exp(slope · cosine + offset))`. */
  readonly calibration: { readonly slope: number; readonly offset: number };
  /** 95 % confidence interval of the cosine over people. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** Thresholds for searches among so many people, ascending. */
  readonly galleries?: readonly { readonly people: number; readonly threshold: number }[];
  /** On whom it was measured, and the page of the documentation with the measurement. */
  readonly measured?: { readonly on: string; readonly page: string };
}

/** A network that others trained, in an npm package that the user installs. */
export interface PretrainedNetwork {
  /** What a user types: `faceres`. */
  readonly word: string;
  /** npm package with the files. */
  readonly package: string;
  /** JSON file in the package. */
  readonly file: string;
  readonly license: string;
  /** Height, width and channels of the images. */
  readonly inputShape: readonly [height: number, width: number, channels: 3];
  /** Values of black and white. */
  readonly inputRange: readonly [black: number, white: number];
  /** Node whose output is the embedding. */
  readonly output: string;
  readonly embeddingSize: number;
  /** How faces are cropped for it. */
  readonly crop: FaceCrop;
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
    threshold: faceresThreshold,
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
