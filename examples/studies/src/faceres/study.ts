import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backbone } from '@openset/core';
import { readLfwPairs, verificationImages } from '@openset/data';
import { openImageFolder, openPairs, readFrom } from '@openset/data/node';
import { pairSimilarities } from '@openset/metrics';
import { describeMachine } from '../describe-machine.ts';
import { lossNames, makeLoss } from '../lfw/losses.ts';
import { measure, type ScoredPairs } from '../lfw/measure.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { loadOrComputeFeatures } from './features.ts';
import { type HeadRecipe, trainHead } from './head.ts';
import { type FaceresStudy, faceresFigure, faceresPage, type HeadResult } from './page.ts';

/** Options of the study. */
export interface FaceresStudyOptions {
  readonly train: string;
  readonly pairs: string;
  readonly out: string;
  /** Folder that stores features and finished runs. */
  readonly results: string;
  readonly seeds: number;
  readonly recipe: HeadRecipe;
  /** Opens the frozen network; called only if its features are not stored. */
  readonly openBackbone: () => Promise<Backbone>;
}

/** Trains heads with each loss and seed on a frozen network, compares them with the network alone, and writes the page. */
export async function faceresStudy(options: FaceresStudyOptions): Promise<FaceresStudy> {
  const { out, results, seeds, recipe } = options;
  await mkdir(out, { recursive: true });
  const train = await openImageFolder(options.train);
  const pairs = openPairs(await readFrom(join(options.pairs, 'pairs.txt'), readLfwPairs), options.pairs);
  const [trainFeatures, pairFeatures] = await loadOrComputeFeatures(options, [
    { name: 'faceres-train', source: train },
    { name: 'faceres-pairs', source: verificationImages(pairs) },
  ]);
  const score = (embeddings: Float32Array, size: number): ScoredPairs => ({
    cosines: pairCosines(embeddings, size),
    isSame: pairs.isSame,
    folds: pairs.folds ?? new Int32Array(pairs.size),
  });

  const alone = score(pairFeatures!.values, pairFeatures!.size);
  const runs: HeadResult[] = [];
  const numClasses = train.classNames.length;
  for (const loss of lossNames) {
    for (let seed = 1; seed <= seeds; seed++) {
      console.error(`head with ${loss}, seed ${seed}`);
      const run = async (): Promise<HeadResult> => {
        const { embeddingSize, scale } = recipe;
        const lossObject = makeLoss(loss, { numClasses, embeddingSize, scale, seed });
        const head = await trainHead(trainFeatures!, train.labels, lossObject, seed, recipe);
        const scored = score(head.embed(pairFeatures!), embeddingSize);
        head.dispose();
        lossObject.dispose();
        return { ...measure(scored, head.learned), loss, seed, cosines: [...scored.cosines] };
      };
      runs.push(await reuseResult(results, `faceres-${loss.toLowerCase()}-${seed}`, recipe, run));
    }
  }
  const study: FaceresStudy = {
    alone: { ...measure(alone, null), loss: null, seed: 0, cosines: [...alone.cosines] },
    runs,
    recipe,
    isSame: pairs.isSame,
    counts: { images: train.size, people: numClasses, pairs: pairs.size },
    machine: describeMachine(),
  };
  await writeAtomically(join(out, 'faceres-roc.svg'), faceresFigure(study));
  await writeAtomically(join(out, 'faceres.md'), faceresPage(study));
  await train.close();
  return study;
}

/** Returns the cosine of the rows `2i` and `2i + 1` for each pair i. */
function pairCosines(embeddings: Float32Array, size: number): Float64Array {
  const pairs = Uint32Array.from({ length: embeddings.length / size }, (_, row) => row);
  return pairSimilarities(embeddings, size, pairs);
}
