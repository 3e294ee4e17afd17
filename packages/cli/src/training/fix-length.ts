import type { Ranks } from '@openset/core';
import { onFirstRank, Trainer } from '@openset/train';
import { withoutStartEpoch, withStartEpoch } from '../config/loss-words.ts';
import type { ChosenSettings, RunConfig, RunLength } from '../config/settings.ts';
import type { Output } from '../output.ts';
import { buildRun, stepsPerEpoch } from './build-run.ts';
import type { RunData, TrainingSet } from './prepare-data.ts';
import { lengthText } from './run-texts.ts';

/** Number of evaluations in a run, and the maximum share of its time that they may take. */
const usualEvaluations = 10;
const evaluationShare = 0.1;
/** Cost of embedding an image and its mirror image, relative to training on an image: two of its three passes. */
const embeddingCost = 0.7;
const minimumSteps = 10;

/** Number of steps in the trial, and of slow steps at its start that do not count. */
const trialSteps = 8;
const warmupSteps = 2;
/** Number of seconds after which two steps are enough. */
const trialPatience = 30;

/**
 * Completes the settings: converts minutes to steps by measuring a few, and sets what depends on the length.
 * @param ranks ranks that train together; all of them measure the steps of one trial
 * @throws what training throws; the reason of an aborted signal
 */
export async function fixLength(
  settings: ChosenSettings,
  { train, pairs }: Pick<RunData, 'train' | 'pairs'>,
  output: Output,
  signal?: AbortSignal,
  ranks: Ranks | null = null,
): Promise<RunConfig> {
  const perEpoch = stepsPerEpoch(settings, train);
  let secondsPerStep: number | null = null;
  let config: RunConfig;
  if (settings.minutes === undefined) config = followLength(settings, perEpoch);
  else {
    output.note('measuring the time of a step …');
    secondsPerStep = await measureStep(settings, train, signal, ranks);
    const evaluatedImages = pairs?.images.size ?? 0;
    config = fitMinutes(settings, { secondsPerStep, stepsPerEpoch: perEpoch, evaluatedImages });
  }
  output.note(lengthText(config, perEpoch, secondsPerStep));
  return config;
}

/** Speed of a run, which converts minutes to steps. */
export interface RunSpeed {
  readonly secondsPerStep: number;
  readonly stepsPerEpoch: number;
  /** Number of images that an evaluation embeds. */
  readonly evaluatedImages: number;
}

/** Returns the configuration with the number of steps that fit into the minutes, evaluations included. */
export function fitMinutes(settings: ChosenSettings, speed: RunSpeed): RunConfig {
  const { secondsPerStep, stepsPerEpoch: perEpoch, evaluatedImages } = speed;
  const { minutes = 1, batchSize, accumulate } = settings;
  const affordableSteps = (60 * minutes) / secondsPerStep;
  const stepsPerEvaluation = (embeddingCost * evaluatedImages) / (batchSize * accumulate);
  const affordableEvaluations = Math.floor((evaluationShare * affordableSteps) / stepsPerEvaluation);
  const evaluations = Math.max(1, Math.min(usualEvaluations, affordableEvaluations));
  const trainingSteps = Math.floor(affordableSteps - evaluations * stepsPerEvaluation);
  const steps = Math.max(minimumSteps, trainingSteps);
  return withLength(settings, { steps }, perEpoch, evaluations);
}

/** Returns the configuration of a run whose length is given in epochs or steps. */
export function followLength(settings: ChosenSettings, perEpoch: number): RunConfig {
  const { epochs = 1, steps } = settings;
  return withLength(settings, steps === undefined ? { epochs } : { steps }, perEpoch, usualEvaluations);
}

function withLength(
  settings: ChosenSettings,
  length: RunLength,
  perEpoch: number,
  evaluations: number,
): RunConfig {
  const { epochs: _epochs, steps: _steps, minutes: _minutes, ...others } = settings;
  const steps = length.steps ?? length.epochs * perEpoch;
  return {
    ...others,
    ...length,
    loss: withStartEpoch(settings.loss, steps / perEpoch),
    evaluateEvery: settings.evaluateEvery ?? { steps: Math.max(1, Math.ceil(steps / evaluations)) },
  };
}

/** Returns the seconds that a step takes on the active backend: the median of a few steps of a discarded network. */
async function measureStep(
  settings: ChosenSettings,
  set: TrainingSet,
  signal: AbortSignal | undefined,
  ranks: Ranks | null,
): Promise<number> {
  const trial = followLength({ ...settings, steps: trialSteps }, stepsPerEpoch(settings, set));
  // Most steps of the run have all parts of the loss, so the trial has them from the start.
  const run = await buildRun({ ...trial, loss: withoutStartEpoch(trial.loss) }, set, null, ranks);
  try {
    const seconds: number[] = [];
    const start = performance.now();
    // With a larger `readEvery`, steps that are only queued on the device would look fast.
    for await (const event of new Trainer({ ...run.options, readEvery: 1 })) {
      signal?.throwIfAborted();
      if (event.kind !== 'step') continue;
      seconds.push(event.seconds);
      const isLate = performance.now() - start > 1000 * trialPatience;
      if ((await onFirstRank(ranks, () => isLate)) && seconds.length > 1) break;
    }
    const steady = seconds.length > warmupSteps ? seconds.slice(warmupSteps) : seconds.slice(-1);
    const median = steady.sort((first, second) => first - second)[Math.floor(steady.length / 2)]!;
    // All ranks train for as many steps.
    return await onFirstRank(ranks, () => median);
  } finally {
    run.dispose();
  }
}
