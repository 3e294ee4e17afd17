import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { holdOutClasses, type ImageSource, subsetSource } from '@openset/data';
import { openImageFolder } from '@openset/data/node';
import { samplePairs } from '@openset/metrics';
import { Verifier } from '@openset/verify';
import { decodeAndClose } from '../decode-and-close.ts';
import { describeMachine } from '../describe-machine.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { makeLoss } from './losses.ts';
import { measure } from './measure.ts';
import { type NetworkSize, type SizeRun, type SizesStudy, sizesPage } from './sizes-page.ts';
import { trainForMinutes } from './train-for-minutes.ts';
import { faceNetwork, orderedBatches, type Recipe, trainFaces } from './train-once.ts';

/** Options of the study. */
export interface SizesStudyOptions {
  readonly train: string;
  readonly out: string;
  /** Folder that stores finished runs. */
  readonly results: string;
  /** Networks to compare. */
  readonly networks: readonly NetworkSize[];
  /** Training time of each run. */
  readonly minutes: number;
  /** Largest number of pairs of each kind in the evaluation. */
  readonly mostPairs: number;
  /** Settings of all runs; each run sets its own width and number of steps. */
  readonly recipe: Recipe;
  readonly command: string;
}

/** A fifth of the people is held out; at most ten images of each of them count. */
const heldOutShare = 0.2;
const maxImagesPerPerson = 10;
const seed = 1;

/** Trains networks of different widths and input sizes for the same time, and evaluates them on held-out people. */
export async function sizesStudy(options: SizesStudyOptions): Promise<SizesStudy> {
  const { out, results, networks, minutes, mostPairs, recipe, command } = options;
  await mkdir(out, { recursive: true });
  const runs: SizeRun[] = [];
  const { steps: _, ...shared } = recipe;
  for (const { inputSize, width } of networks) {
    console.error(`${inputSize} × ${inputSize} pixels, width ${width}`);
    const key = { recipe: { ...shared, width }, inputSize, minutes, mostPairs };
    const run = async () => {
      const people = await openPeople(options.train, inputSize);
      return runOnce(people, inputSize, minutes, mostPairs, { ...recipe, width });
    };
    runs.push(await reuseResult(results, `sizes-${inputSize}-${width}`, key, run));
  }
  const study = { runs, recipe, minutes, machine: describeMachine(), command };
  await writeAtomically(join(out, 'lfw-sizes.md'), sizesPage(study));
  return study;
}

interface People {
  readonly train: ImageSource;
  readonly held: ImageSource;
}

async function openPeople(folder: string, inputSize: number): Promise<People> {
  const whole = await decodeAndClose(await openImageFolder(folder), {
    height: inputSize,
    width: inputSize,
    channels: 1,
  });
  const { train, held } = holdOutClasses(whole, folder, { share: heldOutShare, seed });
  const imageCounts = new Map<number, number>();
  const selected = [...held!.labels.keys()].filter((row) => {
    const count = (imageCounts.get(held!.labels[row]!) ?? 0) + 1;
    imageCounts.set(held!.labels[row]!, count);
    return count <= maxImagesPerPerson;
  });
  return { train, held: subsetSource(held!, selected) };
}

async function runOnce(
  { train, held }: People,
  inputSize: number,
  minutes: number,
  mostPairs: number,
  recipe: Recipe,
): Promise<SizeRun> {
  const set = { train, inputSize };
  const { embeddingSize, scale } = recipe;
  const start = () => {
    const loss = makeLoss('CosFace', { numClasses: train.classNames.length, embeddingSize, scale, seed });
    const backbone = faceNetwork(set, seed, recipe);
    const trainSteps = (count: number) => trainFaces(set, backbone, loss, seed, { ...recipe, steps: count });
    const dispose = () => {
      backbone.dispose();
      loss.dispose();
    };
    return { backbone, train: trainSteps, dispose };
  };
  const { network, steps, epochs, seconds } = await trainForMinutes(start, minutes);
  const verifier = new Verifier({ backbone: network.backbone, threshold: 0, batchSize: 64 });
  const measurements = measure(await scoreHeld(held, inputSize, mostPairs, verifier), null);
  network.dispose();
  return { ...measurements, inputSize, width: recipe.width, steps, epochs, seconds };
}

/** Scores a balanced sample of pairs in two folds: the first half of the pairs and the second half. */
async function scoreHeld(held: ImageSource, inputSize: number, mostPairs: number, verifier: Verifier) {
  const embeddings = await verifier.embedBatches(orderedBatches(held, inputSize));
  const { pairs, isSame } = samplePairs(held.labels, { count: 2 * mostPairs, seed });
  const cosines = Float64Array.from(isSame, (_, pair) => {
    return verifier.compare(embeddings[pairs[2 * pair]!]!, embeddings[pairs[2 * pair + 1]!]!).cosine;
  });
  return { cosines, isSame, folds: Int32Array.from(isSame, (_, pair) => (pair < mostPairs ? 0 : 1)) };
}
