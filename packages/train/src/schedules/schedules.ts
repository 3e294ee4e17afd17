import { ConfigError, checkNumber } from '@openset/core';
import { makeSchedule, type Schedule, type ScheduleOptions } from './schedule.ts';

/** Options of `multiStepSchedule`. */
export interface MultiStepOptions extends ScheduleOptions {
  /** Epochs or steps, from the beginning of the run, after which the learning rate is multiplied by `factor` again. */
  readonly milestones: readonly number[];
  /** Factor at each milestone; default 0.1. */
  readonly factor?: number;
}

/** Options of `polynomialSchedule` and `cosineSchedule`. */
export interface DecayOptions extends ScheduleOptions {
  /** Length of the run in the unit of `by`, including the warm-up. The decay covers the rest. */
  readonly length: number;
  /** Learning rate at `length` and after it; default 0. */
  readonly endLearningRate?: number;
}

/** Options of `polynomialSchedule`. */
export interface PolynomialOptions extends DecayOptions {
  /** Exponent of the decay; default 2, as in the papers' runs on WebFace and Glint360K. */
  readonly power?: number;
}

/** Returns a schedule whose learning rate is constant after the warm-up. */
export function constantSchedule(options: ScheduleOptions): Schedule {
  return makeSchedule('constantSchedule', options, () => options.learningRate);
}

/**
 * Returns the schedule `learningRate · factorⁿ` after n milestones, like `torch.optim.lr_scheduler.MultiStepLR`. The
 * papers train on CASIA-WebFace for 28 epochs with `{ learningRate: 0.1, milestones: [16, 24] }`.
 * @throws ConfigError for options out of range
 */
export function multiStepSchedule(options: MultiStepOptions): Schedule {
  const { learningRate, milestones, factor = 0.1 } = options;
  for (const milestone of milestones) {
    checkNumber('multiStepSchedule: milestones', milestone, { minimum: 0, integer: true });
  }
  checkNumber('multiStepSchedule: factor', factor, { minimum: 0 });
  return makeSchedule('multiStepSchedule', options, (elapsed) => {
    const passed = milestones.filter((milestone) => milestone <= elapsed).length;
    return learningRate * factor ** passed;
  });
}

/**
 * Returns a schedule that falls from `learningRate` to `endLearningRate` as `(1 − t)^power`. t runs from 0 at the end of
 * the warm-up to 1 at `length`. Without a warm-up it equals `torch.optim.lr_scheduler.PolynomialLR`.
 * @throws ConfigError for options out of range
 */
export function polynomialSchedule(options: PolynomialOptions): Schedule {
  const { power = 2 } = options;
  checkNumber('polynomialSchedule: power', power, { minimum: 0 });
  return makeDecay('polynomialSchedule', options, (t) => (1 - t) ** power);
}

/**
 * Returns a schedule that falls from `learningRate` to `endLearningRate` as `(1 + cos πt) / 2` (SGDR, Loshchilov and
 * Hutter, ICLR 2017). t runs from 0 at the end of the warm-up to 1 at `length`. Without a warm-up it equals
 * `torch.optim.lr_scheduler.CosineAnnealingLR`.
 * @throws ConfigError for options out of range
 */
export function cosineSchedule(options: DecayOptions): Schedule {
  return makeDecay('cosineSchedule', options, (t) => (1 + Math.cos(Math.PI * t)) / 2);
}

/** Returns a schedule that falls by the factor `shape(t)`, from 1 at t = 0 to 0 at t = 1. */
function makeDecay(name: string, options: DecayOptions, shape: (t: number) => number): Schedule {
  const { learningRate, length, endLearningRate = 0, warmup = 0 } = options;
  checkNumber(`${name}: length`, length, { minimum: 1, integer: true });
  checkNumber(`${name}: endLearningRate`, endLearningRate, { minimum: 0 });
  if (warmup >= length) {
    throw new ConfigError(`${name}: warmup is ${warmup}, but must be below length, ${length}.`);
  }
  return makeSchedule(name, options, (elapsed) => {
    const t = Math.min(1, (elapsed - warmup) / (length - warmup));
    return endLearningRate + (learningRate - endLearningRate) * shape(t);
  });
}
