import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backbone } from '@openset/core';
import { describeMachine } from '../describe-machine.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { loadFaceFeatures, openFaceImages } from '../strangers/face-set.ts';
import { measureTrust, type TrustRun } from './measure.ts';
import { trustPage } from './page.ts';

/** Options of the study. */
export interface TrustStudyOptions {
  readonly train: string;
  readonly pairs: string;
  readonly out: string;
  /** Folder that stores measurements. */
  readonly results: string;
  /** Folder that stores the features of the images. */
  readonly features: string;
  /** Numbers of people that estimate thresholds. */
  readonly people: readonly number[];
  /** Number of draws of these people. */
  readonly seeds: number;
  readonly command: string;
  readonly openBackbone: () => Promise<Backbone>;
}

/** Sizes of galleries, and how many galleries are drawn for each. */
const sizes = [
  { size: 10, draws: 10 },
  { size: 100, draws: 2 },
  { size: 1000, draws: 1 },
];

/** Measures how far thresholds for galleries hold for other people, and writes the page. */
export async function trustStudy(options: TrustStudyOptions): Promise<void> {
  const { out, results, features: folder, people, seeds } = options;
  const faces = await openFaceImages(options);
  const features = await loadFaceFeatures(faces, { results: folder, openBackbone: options.openBackbone });
  const embeddings = { ...features, labels: faces.labels };
  const runs: TrustRun[] = [];
  for (const count of people) {
    for (let seed = 1; seed <= seeds; seed++) {
      const key = { count, seed, sizes, images: faces.labels.length };
      const run = await reuseResult(results, `gallery-trust-${count}-${seed}`, key, async () =>
        measureTrust(embeddings, count, seed, sizes),
      );
      runs.push(run);
      console.error(`gallery-trust: ${count} people, draw ${seed}`);
    }
  }
  await mkdir(out, { recursive: true });
  const { command } = options;
  const page = trustPage({
    ...{ runs, command, machine: describeMachine(), images: faces.labels.length },
    people: new Set(faces.labels).size,
  });
  await writeAtomically(join(out, 'gallery-trust.md'), page);
  await Promise.all([faces.train.close(), faces.others.close()]);
}
