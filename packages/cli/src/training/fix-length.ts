import { withStartEpoch } from '../config/loss-words.ts';
import type { RunConfig } from '../config/settings.ts';

/** What the number of steps is computed from. */
export interface RunSpeed {
  readonly secondsPerStep: number;
  readonly stepsPerEpoch: number;
  /** Images that an evaluation embeds. */
  readonly evaluated: number;
}

/** Evaluations of a run, unless they would take more than a part of its time. */
const evaluations = 10;
const evaluationShare = 0.1;
/** What an embedding with its mirror image costs, beside an image in training: two of its three passes. */
const embeddingCost = 0.7;
const fewestSteps = 10;

/** The configuration with a number of steps in the place of the minutes, so that it can be repeated exactly. */
export function fixLength({ minutes = 1, ...config }: RunConfig, speed: RunSpeed): RunConfig {
  const { secondsPerStep, stepsPerEpoch, evaluated } = speed;
  const all = (60 * minutes) / secondsPerStep;
  const imagesPerStep = config.batchSize * config.accumulate;
  const stepsOfEvaluation = (embeddingCost * evaluated) / imagesPerStep;
  const count = Math.max(1, Math.min(evaluations, Math.floor((evaluationShare * all) / stepsOfEvaluation)));
  const steps = Math.max(fewestSteps, Math.floor(all - count * stepsOfEvaluation));
  return withCadence({ ...config, steps }, { steps, stepsPerEpoch, count });
}

/** The configuration of a run whose epochs or steps are given, with everything that follows from them. */
export function followLength(config: RunConfig, stepsPerEpoch: number): RunConfig {
  const steps = config.steps ?? (config.epochs ?? 1) * stepsPerEpoch;
  return withCadence(config, { steps, stepsPerEpoch, count: evaluations });
}

function withCadence(
  config: RunConfig,
  { steps, stepsPerEpoch, count }: { steps: number; stepsPerEpoch: number; count: number },
): RunConfig {
  return {
    ...config,
    loss: withStartEpoch(config.loss, steps / stepsPerEpoch),
    evaluateEvery: config.evaluateEvery ?? { steps: Math.max(1, Math.ceil(steps / count)) },
  };
}
