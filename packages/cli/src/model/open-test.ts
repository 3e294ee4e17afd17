import { ConfigError } from '@openset/core';
import type { Verifier } from '@openset/verify';
import type { ImageReading } from '../images/image-reading.ts';
import { openImages } from '../images/open-images.ts';
import { openPairSet } from '../images/open-pair-set.ts';
import { sampleBalancedPairs } from '../images/pair-set.ts';
import type { Output } from '../output.ts';
import { type Embeddings, embedImages } from './embed-images.ts';

/** Choice of a test set: pairs, or labelled images. */
export interface TestChoice {
  /** Path of a list of pairs. */
  readonly pairs?: string | undefined;
  /** Folder that the paths in `pairs` are relative to. */
  readonly images?: string | undefined;
  /** Path of an InsightFace verification set. */
  readonly bin?: string | undefined;
  /** Path of labelled images, from which pairs are sampled. */
  readonly data?: string | undefined;
}

/** A test set with its embeddings. */
export interface OpenedTest {
  /** Path of the test set. */
  readonly name: string;
  readonly embeddings: Embeddings;
  /** `[pairs, 2]` row-major: indices of images. */
  readonly pairs: Uint32Array;
  readonly isSame: Uint8Array;
  readonly folds: Int32Array | null;
  /** Class of each image; null for pairs. */
  readonly labels: Int32Array | null;
}

/** Maximum number of sampled pairs of the same person, and of different people. */
const maximumPairs = 10_000;

/**
 * Opens a test set and embeds its images.
 * @throws ConfigError unless exactly one test set is chosen; DataError for data that cannot be used
 */
export async function openTest(
  choice: TestChoice & ImageReading,
  verifier: Verifier,
  output: Output,
): Promise<OpenedTest> {
  const { pairs, images: imageFolder, bin, data } = choice;
  const given = [pairs, bin, data].filter((path) => path !== undefined);
  if (given.length !== 1) {
    throw new ConfigError(
      `Give one of --pairs, --bin and --data, not ${given.length === 0 ? 'none' : given.length}.`,
    );
  }
  if (imageFolder !== undefined && pairs === undefined) {
    throw new ConfigError(
      '--images needs --pairs: it is the folder that the paths in --pairs are relative to.',
    );
  }
  const name = given[0]!;
  if (data === undefined) {
    const { images, ...set } = await openPairSet(name, imageFolder, output);
    try {
      return { ...set, name, labels: null, embeddings: await embedImages(verifier, images, output, choice) };
    } finally {
      await images.close();
    }
  }
  const source = await openImages(data, output);
  try {
    // Sampling first reports missing pairs before minutes of embedding.
    const sampled = sampleBalancedPairs(source.labels, { maximum: maximumPairs, seed: 0, name });
    const embeddings = await embedImages(verifier, source, output, choice);
    return { ...sampled, name, folds: null, labels: source.labels, embeddings };
  } finally {
    await source.close();
  }
}
