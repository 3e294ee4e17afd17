import { ConfigError } from '@openset/core';
import type { Verifier } from '@openset/verify';
import { openImages } from '../images/open-images.ts';
import { openPairSet } from '../images/open-pair-set.ts';
import { balancedPairs } from '../images/pair-set.ts';
import type { Output } from '../output.ts';
import { type Embeddings, embedImages } from './embed-images.ts';

/** What a model is measured on: pairs, or images of known people. */
export interface TestChoice {
  /** A list of pairs. */
  readonly pairs?: string | undefined;
  /** The folder that its paths start from. */
  readonly images?: string | undefined;
  /** A verification set of InsightFace. */
  readonly bin?: string | undefined;
  /** Images of known people: pairs are drawn from them. */
  readonly data?: string | undefined;
}

/** A test with its embeddings. */
export interface OpenedTest {
  /** Its path. */
  readonly name: string;
  readonly embeddings: Embeddings;
  /** `[pairs, 2]`: numbers of images. */
  readonly pairs: Uint32Array;
  readonly isSame: Uint8Array;
  readonly folds: Int32Array | null;
  /** The person on each image; null where it is not known. */
  readonly labels: Int32Array | null;
}

/** Pairs of each kind that are drawn at most. */
const mostPairs = 10_000;

/**
 * Opens what a model is to be measured on, and embeds its images.
 * @throws ConfigError unless there is one choice; DataError for data that cannot be used
 */
export async function openTest(choice: TestChoice, verifier: Verifier, output: Output): Promise<OpenedTest> {
  const { pairs, images: imageFolder, bin, data } = choice;
  const given = [pairs, bin, data].filter((path) => path !== undefined);
  if (given.length !== 1) {
    throw new ConfigError(
      `Give one of --pairs, --bin and --data; there ${given.length === 0 ? 'is none' : `are ${given.length}`}.`,
    );
  }
  if (imageFolder !== undefined && pairs === undefined) {
    throw new ConfigError('--images goes with --pairs: it is the folder that their paths start from.');
  }
  const name = given[0]!;
  if (data === undefined) {
    const { images, ...set } = await openPairSet(name, imageFolder);
    try {
      return { ...set, name, labels: null, embeddings: await embedImages(verifier, images, output) };
    } finally {
      await images.close();
    }
  }
  const source = await openImages(data);
  try {
    // Before minutes are spent: are there pairs of both kinds?
    const drawn = balancedPairs(source.labels, { most: mostPairs, seed: 0, name });
    const embeddings = await embedImages(verifier, source, output);
    return { ...drawn, name, folds: null, labels: source.labels, embeddings };
  } finally {
    await source.close();
  }
}
