import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backbone, OpenSetError, type OpenSetLoss, readThreshold } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { describeMachine } from '../describe-machine.ts';
import { trainHead } from '../faceres/head.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { type FaceImages, loadFaceFeatures, openFaceImages } from '../strangers/face-set.ts';
import { writeCounts } from '../strangers/image-counts.ts';
import { heldOutPeople, type PeopleSplit, splitPeople } from '../strangers/split-people.ts';
import { decodeFaces } from '../strangers/train-and-measure.ts';
import { createFromConfig, type StudiedLoss, startingAtOnce, startingFor } from './losses.ts';
import { type Measurements, measureLoss } from './measure.ts';
import { lossesFigure, lossesPage } from './page.ts';
import { type LossesStudy, type LossRun, readStudy, type Start, type StartTimes } from './results.ts';
import {
  type Continue,
  cpuSeconds,
  type StepTime,
  stepsWithin,
  type Timing,
  timeSteps,
} from './step-times.ts';
import {
  embedStrangers,
  type HeadSettings,
  headData,
  lossAlone,
  type NetworkSettings,
  startNetwork,
} from './train.ts';

/** A part of the study that runs on its own; `page` only writes the page, which the others do as well. */
export type LossesStage = (typeof lossesStages)[number];

export const lossesStages = ['heads', 'networks', 'page'] as const;

/** Settings of all runs from one start. */
export interface Budget<Settings> {
  readonly settings: Settings;
  /** Time of the processor that each run may take. */
  readonly seconds: number;
  readonly timing: Timing;
}

/** Options of the study. */
export interface LossesStudyOptions {
  /** Folders of images; only the stage `page` does without them. */
  readonly folders: { readonly train: string; readonly pairs: string } | null;
  readonly out: string;
  /** Folder that stores measurements. */
  readonly results: string;
  /** Folder that stores the features of the images. */
  readonly features: string;
  readonly stages: readonly LossesStage[];
  readonly losses: readonly StudiedLoss[];
  readonly seeds: number;
  readonly heads: Budget<HeadSettings>;
  readonly networks: Budget<NetworkSettings>;
  /** Opens the frozen network; called only if its features are not stored. */
  readonly openBackbone: () => Promise<Backbone>;
}

/** Seed of the losses and networks that are only timed. */
const timingSeed = 1;

/** Runs the stages, and writes the page about all runs that are stored. */
export async function lossesStudy(options: LossesStudyOptions): Promise<LossesStudy> {
  const { out, folders } = options;
  const results = join(options.results, 'losses');
  await mkdir(out, { recursive: true });
  await mkdir(results, { recursive: true });
  if (folders) {
    const faces = await openFaceImages(folders);
    await writeCounts(results, faces);
    if (options.stages.includes('heads')) await runHeads(results, faces, options);
    if (options.stages.includes('networks')) await runNetworks(results, faces, options);
    await faces.train.close();
    await faces.others.close();
  }
  const study = await readStudy(results);
  await writeAtomically(join(out, 'losses.svg'), lossesFigure(study));
  await writeAtomically(join(out, 'losses.md'), lossesPage(study));
  return study;
}

/** What the runs from one start have in common. */
interface StartPlan {
  readonly start: Start;
  readonly budget: Budget<HeadSettings | NetworkSettings>;
  /** Returns a training that can be continued, to time its steps, or those of its loss alone if there is `whole`. */
  readonly timed: (loss: OpenSetLoss, split: PeopleSplit) => { readonly train: Continue; dispose?(): void };
  /** Returns a training of a network, to time what all losses have in common. */
  readonly whole?: (loss: OpenSetLoss, split: PeopleSplit) => { readonly train: Continue; dispose(): void };
  /** Trains a network and measures it. `trained` says that training has ended. */
  readonly run: (
    loss: OpenSetLoss,
    split: PeopleSplit,
    run: { readonly seed: number; readonly steps: number; readonly trained: () => void },
  ) => Promise<Measurements>;
}

async function runHeads(results: string, faces: FaceImages, options: LossesStudyOptions): Promise<void> {
  const budget = options.heads;
  const { settings } = budget;
  const features = await loadFaceFeatures(faces, { ...options, results: options.features });
  const train = (loss: OpenSetLoss, split: PeopleSplit, seed: number) => {
    const data = headData(faces, features, split);
    const batchSize = Math.min(settings.batchSize, data.labels.length);
    return (steps: number) =>
      trainHead(data.features, data.labels, loss, seed, { ...settings, batchSize, steps });
  };
  await runStart(results, faces, options, {
    start: 'head',
    budget,
    timed: (loss, split) => {
      const start = train(loss, split, timingSeed);
      return { train: async (steps) => (await start(steps)).dispose() };
    },
    run: async (loss, split, { seed, steps, trained }) => {
      const head = await train(loss, split, seed)(steps);
      trained();
      try {
        // A copy: the backend may own the memory.
        const values = head.embed(features).slice();
        const embeddings = { values, size: settings.embeddingSize, labels: faces.labels };
        return measureLoss(faces, { embeddings, learned: head.learned, held: split.held });
      } finally {
        head.dispose();
      }
    },
  });
}

async function runNetworks(results: string, faces: FaceImages, options: LossesStudyOptions): Promise<void> {
  const budget = options.networks;
  const { settings } = budget;
  const images = await decodeFaces(faces, settings.inputSize);
  await runStart(results, faces, options, {
    start: 'nothing',
    budget,
    timed: (loss, { trained }) => {
      const sizes = { numClasses: trained.length, embeddingSize: settings.embeddingSize, seed: timingSeed };
      return lossAlone(loss, sizes, settings);
    },
    whole: (loss, split) => {
      const { backbone, train } = startNetwork(images, split, loss, timingSeed, settings);
      return { train, dispose: () => backbone.dispose() };
    },
    run: async (loss, split, { seed, steps, trained }) => {
      const { backbone, train } = startNetwork(images, split, loss, seed, settings);
      try {
        await train(steps);
        trained();
        const embeddings = await embedStrangers(images, faces, split, { backbone, ...settings });
        return measureLoss(faces, { embeddings, learned: await readThreshold(loss), held: split.held });
      } finally {
        backbone.dispose();
      }
    },
  });
}

async function runStart(
  results: string,
  faces: FaceImages,
  { losses, seeds }: LossesStudyOptions,
  plan: StartPlan,
): Promise<void> {
  const { start, budget } = plan;
  const { settings, seconds } = budget;
  const { embeddingSize } = settings;
  const people = faces.trainPeople;
  const splitOf = (seed: number) => splitPeople(people, people, heldOutPeople(people), seed);
  const timesKey = { ...budget, losses: losses.map(({ name }) => name) };
  const { times } = await reuseResult(results, `times-${start}`, timesKey, () =>
    timeLosses(losses, splitOf(timingSeed), plan),
  );
  for (let seed = 1; seed <= seeds; seed++) {
    const split = splitOf(seed);
    for (const studied of losses) {
      const numClasses = split.trained.length;
      const steps = stepsWithin(seconds, times.find(({ loss }) => loss === studied.name)!);
      const epochs = (steps * settings.batchSize * people) / (faces.train.size * numClasses);
      const config = startingFor(studied.config(numClasses), epochs);
      const key = { settings, steps, loss: config };
      console.error(`${start} with ${studied.name}, seed ${seed}, ${steps} steps`);
      await reuseResult(results, `${start}-${studied.name}-${seed}`, key, async () => {
        const loss = createFromConfig(config, { numClasses, embeddingSize, seed });
        const started = cpuSeconds();
        let trainedFor: number | null = null;
        const trained = () => {
          trainedFor = cpuSeconds() - started;
        };
        const outcome = await orFailure(() => plan.run(loss, split, { seed, steps, trained }));
        loss.dispose();
        return {
          start,
          loss: studied.name,
          seed,
          steps,
          cpuSeconds: trainedFor,
          ...outcome,
        } satisfies LossRun;
      });
    }
  }
}

async function timeLosses(
  losses: readonly StudiedLoss[],
  split: PeopleSplit,
  { start, budget, timed, whole }: StartPlan,
): Promise<StartTimes> {
  const { settings, seconds, timing } = budget;
  const sizes = { numClasses: split.trained.length, embeddingSize: settings.embeddingSize, seed: timingSeed };
  const all = losses.map((studied) => {
    const loss = createFromConfig(startingAtOnce(studied.config(sizes.numClasses)), sizes);
    return { name: studied.name, loss, ...timed(loss, split) };
  });
  console.error(`timing steps of ${all.length} losses`);
  // A loss that diverges is timed up to that step; its runs report the failure.
  const trainings = all.map(
    ({ name, train }) => [name, (steps: number) => train(steps).catch(ignoreExpected)] as const,
  );
  const own = await timeSteps(new Map(trainings), timing);
  const shared = whole ? await timeRest(all[0]!.loss, own[0]!, whole, split, timing) : 0;
  for (const { loss, dispose } of all) {
    dispose?.();
    loss.dispose();
  }
  const { trained, held } = split;
  const times = own.map(({ loss, milliseconds }) => ({ loss, milliseconds: milliseconds + shared }));
  return {
    start,
    seconds,
    settings,
    trained: trained.length,
    held: held.length,
    machine: describeMachine(),
    times,
  };
}

/** Returns the time of a step that is not the loss's own. It is the same for all losses, so it is timed with one of them. */
async function timeRest(
  loss: OpenSetLoss,
  own: StepTime,
  whole: NonNullable<StartPlan['whole']>,
  split: PeopleSplit,
  timing: Timing,
): Promise<number> {
  const { train, dispose } = whole(loss, split);
  const [step] = await timeSteps(new Map([[own.loss, train]]), timing);
  dispose();
  return step!.milliseconds - own.milliseconds;
}

/** Returns measurements, or the message of a run whose training or embeddings are not usable. */
async function orFailure(
  run: () => Promise<Measurements>,
): Promise<{ measured: Measurements | null; failure: string | null }> {
  try {
    return { measured: await run(), failure: null };
  } catch (error) {
    return { measured: null, failure: expectedMessage(error) };
  }
}

function ignoreExpected(error: unknown): void {
  expectedMessage(error);
}

/** Returns the message of an error that bad numbers cause. Throws any other error. */
function expectedMessage(error: unknown): string {
  if (error instanceof OpenSetError || error instanceof MetricsError) return error.message;
  throw error;
}
