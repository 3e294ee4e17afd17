import { ConfigError } from '@openset/core';
import type { Verifier } from '@openset/verify';
import type { Output } from '../output.ts';
import { openPairSet } from '../pictures/open-pair-set.ts';
import { openPictures } from '../pictures/open-pictures.ts';
import { balancedPairs } from '../pictures/pair-set.ts';
import { type Embeddings, embedPictures } from './embed-pictures.ts';

/** What a model is measured on: pairs, or pictures of known people. */
export interface TestChoice {
  /** A list of pairs. */
  readonly pairs?: string | undefined;
  /** The folder that its paths start from. */
  readonly images?: string | undefined;
  /** A verification set of InsightFace. */
  readonly bin?: string | undefined;
  /** Pictures of known people: pairs are drawn from them. */
  readonly data?: string | undefined;
}

/** A test with its embeddings. */
export interface OpenedTest {
  /** Its path. */
  readonly name: string;
  readonly embeddings: Embeddings;
  /** `[pairs, 2]`: numbers of pictures. */
  readonly pairs: Uint32Array;
  readonly isSame: Uint8Array;
  readonly folds: Int32Array | null;
  /** The person on each picture; null where it is not known. */
  readonly labels: Int32Array | null;
}

/** Pairs of each kind that are drawn at most. */
const mostPairs = 10_000;

/**
 * Opens what a model is to be measured on, and embeds its pictures.
 * @throws ConfigError unless there is one choice; DataError for data that cannot be used
 */
export async function openTest(choice: TestChoice, verifier: Verifier, output: Output): Promise<OpenedTest> {
  const { pairs, images, bin, data } = choice;
  const given = [pairs, bin, data].filter((path) => path !== undefined);
  if (given.length !== 1) {
    throw new ConfigError(
      `Give one of --pairs, --bin and --data; there ${given.length === 0 ? 'is none' : `are ${given.length}`}.`,
    );
  }
  if (images !== undefined && pairs === undefined) {
    throw new ConfigError('--images goes with --pairs: it is the folder that their paths start from.');
  }
  const name = given[0]!;
  if (data === undefined) {
    const { pictures, ...set } = await openPairSet(name, images);
    try {
      return { ...set, name, labels: null, embeddings: await embedPictures(verifier, pictures, output) };
    } finally {
      await pictures.close();
    }
  }
  const source = await openPictures(data);
  try {
    // Before minutes are spent: are there pairs of both kinds?
    const drawn = balancedPairs(source.labels, { most: mostPairs, seed: 0, name });
    const embeddings = await embedPictures(verifier, source, output);
    return { ...drawn, name, folds: null, labels: source.labels, embeddings };
  } finally {
    await source.close();
  }
}
