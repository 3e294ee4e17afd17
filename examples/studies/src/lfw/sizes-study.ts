import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { holdOutClasses, type ImageSource, subsetSource } from '@openset/data';
import { openImageFolder } from '@openset/data/node';
import { samplePairs } from '@openset/metrics';
import { Verifier } from '@openset/verify';
import { decodeAndClose } from '../decode-and-close.ts';
import { kept, writeWhole } from '../kept-results.ts';
import { machine } from '../machine.ts';
import { makeLoss } from './losses.ts';
import { type Measurements, measure } from './measure.ts';
import { type SizesStudy, sizesPage } from './sizes-page.ts';
import { faceNetwork, inOrder, type Recipe, trainFaces } from './train-once.ts';

/** Side of the pictures in pixels, and channels of the first stage. */
export interface NetworkSize {
  readonly inputSize: number;
  readonly width: number;
}

/** Options of the study. */
export interface SizesStudyOptions {
  readonly train: string;
  readonly out: string;
  /** Where finished runs are kept. */
  readonly results: string;
  /** What is compared. */
  readonly networks: readonly NetworkSize[];
  /** What each run may take. */
  readonly minutes: number;
  /** Pairs of each kind that a network is judged on, at most. */
  readonly mostPairs: number;
  /** All but the width and the number of steps, which are those of each run. */
  readonly recipe: Recipe;
  readonly command: string;
}

/** A network of some size, after its minutes of training. */
export interface SizeRun extends NetworkSize, Measurements {
  readonly steps: number;
  readonly epochs: number;
  readonly seconds: number;
}

/** A fifth of the people is held out, and not more than ten pictures of each of them count. */
const share = 0.2;
const mostPictures = 10;
const seed = 1;
/** Steps that are tried to find out how many fit; the first ones are slower than all later ones. */
const tried = { warmup: 10, timed: 60 };

/** Trains networks of different widths and input sizes for the same time, and judges them on people held out. */
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
    runs.push(await kept(results, `sizes-${inputSize}-${width}`, key, run));
  }
  const study = { runs, recipe, minutes, machine: machine(), command };
  await writeWhole(join(out, 'lfw-sizes.md'), sizesPage(study));
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
  const { train, held } = holdOutClasses(whole, folder, { share, seed });
  const pictures = new Map<number, number>();
  const counted = [...held!.labels.keys()].filter((row) => {
    const count = (pictures.get(held!.labels[row]!) ?? 0) + 1;
    pictures.set(held!.labels[row]!, count);
    return count <= mostPictures;
  });
  return { train, held: subsetSource(held!, counted) };
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
    const steps = (count: number) => trainFaces(set, backbone, loss, seed, { ...recipe, steps: count });
    const dispose = () => {
      backbone.dispose();
      loss.dispose();
    };
    return { backbone, steps, dispose };
  };
  const trial = start();
  await trial.steps(tried.warmup);
  const { seconds: timed } = await trial.steps(tried.timed);
  trial.dispose();
  const steps = Math.max(1, Math.floor((60 * minutes * tried.timed) / timed));
  const network = start();
  const { epochs, seconds } = await network.steps(steps);
  const verifier = new Verifier({ backbone: network.backbone, threshold: 0, batchSize: 64 });
  const measurements = measure(await scoreHeld(held, inputSize, mostPairs, verifier), null);
  network.dispose();
  return { ...measurements, inputSize, width: recipe.width, steps, epochs, seconds };
}

/** A balanced sample of pairs; the first half of them is one fold, the second the other. */
async function scoreHeld(held: ImageSource, inputSize: number, mostPairs: number, verifier: Verifier) {
  const embeddings = await verifier.embedBatches(inOrder(held, inputSize));
  const { pairs, isSame } = samplePairs(held.labels, { count: 2 * mostPairs, seed });
  const cosines = Float64Array.from(isSame, (_, pair) => {
    return verifier.compare(embeddings[pairs[2 * pair]!]!, embeddings[pairs[2 * pair + 1]!]!).cosine;
  });
  return { cosines, isSame, folds: Int32Array.from(isSame, (_, pair) => (pair < mostPairs ? 0 : 1)) };
}
