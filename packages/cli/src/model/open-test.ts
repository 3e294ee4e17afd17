import { ConfigError } from '@openset/core';
import type { Verifier } from '@openset/verify';
import { counted } from '../evaluation/texts.ts';
import { reportSkipped, type SkippedImages } from '../images/bad-image.ts';
import { hashImages } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { noteCopies } from '../images/note-copies.ts';
import { openImages } from '../images/open-images.ts';
import { checkImagesOption, openPairSet } from '../images/open-pair-set.ts';
import { checkBothKinds, pairsAmong, sampleBalancedPairs } from '../images/pair-set.ts';
import type { Output } from '../output.ts';
import { embedImages } from './embed-images.ts';
import type { Embeddings } from './embeddings.ts';

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
export interface EmbeddedTest {
  /** Path of the test set. */
  readonly name: string;
  readonly embeddings: Embeddings;
  /** Returns the path of the image of a row of the embeddings. */
  readonly nameOf: (row: number) => string;
  /** `[pairs, 2]` row-major: rows of the embeddings. */
  readonly pairs: Uint32Array;
  readonly isSame: Uint8Array;
  readonly folds: Int32Array | null;
  /** Class of each embedding; null for pairs. */
  readonly labels: Int32Array | null;
  /** Name of each class; empty for pairs. */
  readonly people: readonly string[];
  /** Number of pairs that were skipped because of a bad image. */
  readonly skippedPairs: number;
}

/** Skipped images and pairs in the result of a command. */
export interface SkippedTest extends SkippedImages {
  /** Number of pairs that were skipped because of a bad image. */
  readonly skippedPairs: number;
}

/** Returns what was skipped for the result of a command, and notes it. */
export function reportSkippedTest(
  { embeddings, skippedPairs }: Pick<EmbeddedTest, 'embeddings' | 'skippedPairs'>,
  output: Output,
): SkippedTest {
  return { ...reportSkipped(embeddings.skipped, output), skippedPairs };
}

/** Returns what was skipped as label and value; no row if there is nothing. */
export function skippedRows({ skipped, skippedPairs }: SkippedTest): [string, string][] {
  if (skipped === 0) return [];
  const pairs = skippedPairs > 0 ? `, ${counted(skippedPairs, 'pair')}` : '';
  return [['skipped', `${counted(skipped, 'image')}${pairs}`]];
}

/** Maximum number of sampled pairs of the same person, and of different people. */
const maximumPairs = 10_000;

/** An open test set whose images have not been embedded. */
export interface TestSet {
  /**
   * Embeds the images. Warns about labelled images that are under two people.
   * @throws DataError for images that cannot be used
   */
  embed(verifier: Verifier, reading: ImageReading): Promise<EmbeddedTest>;
  close(): Promise<void>;
}

/**
 * Opens a test set. The caller closes it.
 * @param onPeople called with the names of the classes, so that it can reject them
 * @throws ConfigError unless exactly one test set is chosen; DataError for data that cannot be used
 */
export async function openTest(
  choice: TestChoice,
  output: Output,
  onPeople: (names: readonly string[]) => void = () => {},
): Promise<TestSet> {
  const { pairs, images: imageFolder, bin, data } = choice;
  const given = [pairs, bin, data].filter((path) => path !== undefined);
  if (given.length !== 1) {
    throw new ConfigError(
      `Give one of --pairs, --bin and --data, not ${given.length === 0 ? 'none' : given.length}.`,
    );
  }
  checkImagesOption(pairs, imageFolder);
  if (data === undefined) return openPairs(given[0]!, imageFolder, output);
  return openLabelled(data, output, onPeople);
}

async function openPairs(name: string, imageFolder: string | undefined, output: Output): Promise<TestSet> {
  const { images, ...set } = await openPairSet(name, imageFolder, output);
  return {
    async embed(verifier, reading) {
      const embeddings = await embedImages(verifier, images, output, reading);
      const kept = pairsAmong(set, embeddings.indices);
      checkBothKinds(kept.isSame, name);
      const skippedPairs = set.isSame.length - kept.isSame.length;
      const nameOf = (row: number) => imageName(images, embeddings.indices[row]!);
      return { ...kept, name, labels: null, people: [], embeddings, nameOf, skippedPairs };
    },
    close: () => images.close(),
  };
}

async function openLabelled(
  name: string,
  output: Output,
  onPeople: (names: readonly string[]) => void,
): Promise<TestSet> {
  const source = await openImages(name, output);
  const options = { maximum: maximumPairs, seed: 0, name };
  try {
    onPeople(source.classNames);
    // Sampling first reports missing pairs before minutes of embedding.
    sampleBalancedPairs(source.labels, options);
  } catch (error) {
    await source.close();
    throw error;
  }
  return {
    async embed(verifier, reading) {
      const { source: hashed, hashes } = hashImages(source);
      const embeddings = await embedImages(verifier, hashed, output, reading);
      noteCopies(hashes, source, name, output);
      const labels = Int32Array.from(embeddings.indices, (index) => source.labels[index]!);
      const sampled = sampleBalancedPairs(labels, options);
      const nameOf = (row: number) => imageName(source, embeddings.indices[row]!);
      const people = source.classNames;
      return { ...sampled, name, folds: null, labels, people, embeddings, nameOf, skippedPairs: 0 };
    },
    close: () => source.close(),
  };
}
