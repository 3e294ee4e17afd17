import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { writeAtomically } from '../reuse-result.ts';
import type { FaceImages } from './face-set.ts';

/** Sizes of the data of the study. */
export interface ImageCounts {
  /** Number of images to train on. */
  readonly images: number;
  /** Number of people to train on. */
  readonly people: number;
  readonly pairs: number;
  /** Number of people in the folder of the pairs. */
  readonly others: number;
}

const fileName = 'image-counts.json';

/** Stores the counts beside the results, so that the page can be written without the images. */
export async function writeCounts(results: string, faces: FaceImages): Promise<void> {
  const counts: ImageCounts = {
    images: faces.train.size,
    people: faces.trainPeople,
    pairs: faces.isSame.length,
    others: new Set(faces.labels).size - faces.trainPeople,
  };
  await writeAtomically(join(results, fileName), `${JSON.stringify(counts)}\n`);
}

/** @throws ConfigError if no run has stored the counts */
export async function readCounts(results: string): Promise<ImageCounts> {
  const path = join(results, fileName);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ConfigError(
      `${path} is missing. Run a stage with --train and --pairs first; it writes the file.`,
    );
  });
  return JSON.parse(text) as ImageCounts;
}
