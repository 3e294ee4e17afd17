import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine } from '../describe-machine.ts';
import { mean } from '../numbers.ts';
import { reuseResult, writeAtomically } from '../reuse-result.ts';
import { openFaces } from './faces.ts';
import { type LossName, lossNames } from './losses.ts';
import { measure } from './measure.ts';
import { type LfwStudy, lfwFigure, lfwPage, type RunResult } from './page.ts';
import { type ThresholdsStudy, thresholdsFigure, thresholdsPage } from './thresholds-page.ts';
import { type Recipe, type TrainedRun, trainOnce } from './train-once.ts';

/** Options of the study. */
export interface LfwStudyOptions {
  readonly train: string;
  readonly pairs: string;
  /** Folder for the page. */
  readonly out: string;
  /** Folder that stores finished runs. */
  readonly results: string;
  readonly seeds: number;
  readonly inputSize: number;
  readonly recipe: Recipe;
  /** Steps of a long run of the best loss; 0 for none. */
  readonly longSteps: number;
  readonly command: string;
}

/** Trains with each loss and seed, and writes the page. */
export async function lfwStudy(options: LfwStudyOptions): Promise<LfwStudy> {
  const { out, inputSize, recipe, longSteps, command } = options;
  const { faces, runs: trained, run } = await trainAll(options);
  const { isSame, size: pairs, folds } = faces.pairs;
  const measured = (of: TrainedRun): RunResult => {
    const scored = { cosines: Float64Array.from(of.cosines), isSame, folds: folds ?? new Int32Array(pairs) };
    return { ...of, ...measure(scored, of.learned) };
  };
  const runs = trained.map(measured);
  const long = longSteps > 0 ? measured(await run(bestLoss(runs), 1, { ...recipe, steps: longSteps })) : null;
  const { size: images, classNames } = faces.train;
  const counts = { images, people: classNames.length, pairs };
  const study = { runs, long, recipe, inputSize, isSame, counts, machine: describeMachine(), command };
  await writeAtomically(join(out, 'lfw-roc.svg'), lfwFigure(study));
  await writeAtomically(join(out, 'lfw.md'), lfwPage(study));
  return study;
}

/** Writes the page about the thresholds of single people, from the same runs. */
export async function thresholdsStudy(options: LfwStudyOptions): Promise<ThresholdsStudy> {
  const { out, inputSize, recipe, command } = options;
  const { runs } = await trainAll(options);
  const study = { runs, recipe, inputSize, machine: describeMachine(), command };
  await writeAtomically(join(out, 'thresholds.svg'), thresholdsFigure(study));
  await writeAtomically(join(out, 'thresholds.md'), thresholdsPage(study));
  return study;
}

/** Trains with each loss and seed, or reads the run if it is stored. */
async function trainAll(options: LfwStudyOptions) {
  const { out, results, seeds, inputSize, recipe } = options;
  // Fails now rather than after hours of training if the folder cannot be written.
  await mkdir(out, { recursive: true });
  const faces = await openFaces(options, inputSize);
  const run = (loss: LossName, seed: number, ownRecipe: Recipe): Promise<TrainedRun> => {
    const name = `lfw-${loss.toLowerCase()}-${seed}-${ownRecipe.steps}`;
    console.error(`${loss}, seed ${seed}, ${ownRecipe.steps} steps`);
    return reuseResult(results, name, { recipe: ownRecipe, inputSize }, () =>
      trainOnce(faces, loss, seed, ownRecipe),
    );
  };
  const runs: TrainedRun[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const loss of lossNames) runs.push(await run(loss, seed, recipe));
  }
  return { faces, runs, run };
}

function bestLoss(runs: readonly RunResult[]): LossName {
  const score = (name: LossName) =>
    mean(runs.filter(({ loss }) => loss === name).map(({ accuracy }) => accuracy.estimate));
  return lossNames.reduce((best, name) => (score(name) > score(best) ? name : best));
}
