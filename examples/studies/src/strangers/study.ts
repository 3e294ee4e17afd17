import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backbone } from '@openset/core';
import { describeMachine } from '../describe-machine.ts';
import type { Features } from '../faceres/features.ts';
import type { HeadRecipe } from '../faceres/head.ts';
import type { Recipe } from '../lfw/train-once.ts';
import { readResults, reuseResult, writeAtomically } from '../reuse-result.ts';
import { type CrossFitRun, crossFitHead } from './cross-fit.ts';
import { type FaceImages, loadFaceFeatures, openFaceImages } from './face-set.ts';
import { fineTune, fineTuningRecipe } from './fine-tune.ts';
import { type HeadOptions, reuseHead } from './heads.ts';
import { readCounts, writeCounts } from './image-counts.ts';
import { type StrangersLoss, strangersLosses } from './losses.ts';
import { measureNetwork, type StrangersRun, starts } from './measure.ts';
import { trainFromNothing } from './networks.ts';
import { type StrangersStudy, strangersFigure, strangersPage } from './page.ts';
import { runsPage } from './runs-page.ts';
import { heldOutPeople, splitPeople } from './split-people.ts';

/** A part of the study that runs on its own: heads, cross-fits of heads, networks from nothing, and networks fine-tuned from one of them. */
export type Stage = (typeof stages)[number];

/** All stages; `page` only writes the pages, which the others do as well. */
export const stages = ['heads', 'cross-fit', 'networks', 'fine-tuned', 'page'] as const;

/** Options of the study. */
export interface StrangersStudyOptions {
  /** Folders of images; only the stage `page` does without them. */
  readonly folders: { readonly train: string; readonly pairs: string } | null;
  readonly out: string;
  /** Folder that stores measurements. */
  readonly results: string;
  /** Folder that stores the features of the images. */
  readonly features: string;
  readonly stages: readonly Stage[];
  readonly losses: readonly StrangersLoss[];
  /** Numbers of people to train heads on, those held out among them. */
  readonly sizes: readonly number[];
  readonly seeds: number;
  readonly recipe: HeadRecipe;
  /** Settings of the networks from nothing. */
  readonly networks: { readonly inputSize: number; readonly recipe: Recipe };
  /** Number of threads of the backend; only written down. */
  readonly threads: number;
  /** Opens the frozen network; called only if its features are not stored. */
  readonly openBackbone: () => Promise<Backbone>;
}

/** Seed of the whole networks; it decides who is held out, so all of them share it. */
const networkSeed = 1;

/** Number of parts of a cross-fit. */
const crossFitParts = 5;

/** Runs the stages, and writes the pages about all runs that are stored. */
export async function strangersStudy(options: StrangersStudyOptions): Promise<StrangersStudy> {
  const { out, recipe } = options;
  const results = join(options.results, 'strangers');
  await mkdir(out, { recursive: true });
  await mkdir(results, { recursive: true });
  if (options.folders) await runStages(results, await openFaceImages(options.folders), options);
  const study: StrangersStudy = {
    runs: (
      await Promise.all(
        ['head-', 'network-', 'fine-tuned-'].map((prefix) => readResults<StrangersRun>(results, prefix)),
      )
    )
      .flat()
      .sort(byOrder),
    crossFits: (await readResults<CrossFitRun>(results, 'cross-fit-')).sort(byOrder),
    recipe,
    counts: await readCounts(results),
    machine: describeMachine(),
  };
  await writeAtomically(join(out, 'strangers.svg'), strangersFigure(study));
  await writeAtomically(join(out, 'strangers.md'), strangersPage(study));
  await writeAtomically(join(out, 'strangers-runs.md'), runsPage(study));
  return study;
}

async function runStages(results: string, faces: FaceImages, options: StrangersStudyOptions): Promise<void> {
  const { sizes, seeds, recipe, losses } = options;
  let features: Features | null = null;
  const load = async () => {
    features ??= await loadFaceFeatures(faces, { ...options, results: options.features });
    return features;
  };
  const has = (stage: Stage) => options.stages.includes(stage);
  await writeCounts(results, faces);
  const each = losses.flatMap((loss) =>
    sizes.flatMap((people) =>
      Array.from({ length: seeds }, (_, index) => ({ loss, people, seed: index + 1 })),
    ),
  );
  for (const { loss, people, seed } of each) {
    const name = `${loss.toLowerCase()}-${people}-${seed}`;
    if (has('heads')) {
      console.error(`head with ${loss}, ${people} people, seed ${seed}`);
      await reuseResult(results, `head-${name}`, recipe, async () =>
        measureHead(faces, await load(), options.features, { loss, people, seed, recipe }),
      );
    }
    if (has('cross-fit')) {
      console.error(`cross-fit of ${loss}, ${people} people, seed ${seed}`);
      await reuseResult(results, `cross-fit-${name}`, recipe, async () =>
        crossFitHead(faces, await load(), { loss, people, seed, recipe, parts: crossFitParts }),
      );
    }
  }
  const { networks, threads } = options;
  const folder = options.features;
  for (const loss of has('networks') ? losses : []) {
    console.error(`network with ${loss}, ${networks.recipe.steps} steps`);
    await reuseResult(results, `network-${loss.toLowerCase()}`, networks, () =>
      trainFromNothing(faces, loss, networkSeed, { ...networks, threads, folder }),
    );
  }
  const tuned = { ...networks, recipe: fineTuningRecipe(networks.recipe) };
  for (const loss of has('fine-tuned') ? losses : []) {
    console.error(`fine-tuning with ${loss}, ${tuned.recipe.steps} steps`);
    await reuseResult(results, `fine-tuned-${loss.toLowerCase()}`, { ...tuned, start: networks }, () =>
      fineTune(faces, loss, networkSeed, { ...tuned, threads, folder }),
    );
  }
  await faces.train.close();
  await faces.others.close();
}

async function measureHead(
  faces: FaceImages,
  features: Features,
  folder: string,
  { people, ...options }: HeadOptions & { readonly people: number },
): Promise<StrangersRun> {
  const { loss, seed } = options;
  const split = splitPeople(faces.trainPeople, people, heldOutPeople(people), seed);
  const name = `strangers-${loss.toLowerCase()}-${people}-${seed}`;
  const network = await reuseHead(folder, name, faces, features, split.trained, options);
  const measured = measureNetwork(faces, { ...network, ...split }, seed);
  return { start: 'head', loss, people, heldOut: split.held.length, seed, training: null, ...measured };
}

/** Orders runs by start, loss, number of people and seed. */
function byOrder(first: StrangersRun | CrossFitRun, second: StrangersRun | CrossFitRun): number {
  const startOf = (run: StrangersRun | CrossFitRun) => ('start' in run ? starts.indexOf(run.start) : 0);
  return (
    startOf(first) - startOf(second) ||
    strangersLosses.indexOf(first.loss) - strangersLosses.indexOf(second.loss) ||
    first.people - second.people ||
    first.seed - second.seed
  );
}
