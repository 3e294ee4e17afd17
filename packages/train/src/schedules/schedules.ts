import { ConfigError, checkNumber } from '@openset/core';
import { makeSchedule, type Schedule, type ScheduleOptions } from './schedule.ts';

/** Options of `multiStepSchedule`. */
export interface MultiStepOptions extends ScheduleOptions {
  /** Places from which on the learning rate is multiplied once more, counted from the beginning of the run. */
  readonly milestones: readonly number[];
  /** Default 0.1. */
  readonly factor?: number;
}

/** Options of `polynomialSchedule` and `cosineSchedule`. */
export interface DecayOptions extends ScheduleOptions {
  /** Length of the run in the unit of `by`, warm-up included; the decay takes all that follows the warm-up. */
  readonly length: number;
  /** The learning rate that the decay leads to, reached at `length` and kept from there on; default 0. */
  readonly endLearningRate?: number;
}

/** Options of `polynomialSchedule`. */
export interface PolynomialOptions extends DecayOptions {
  /** Default 2, as in the papers' runs on WebFace and Glint360K. */
  readonly power?: number;
}

/** Always the same learning rate, after the warm-up. */
export function constantSchedule(options: ScheduleOptions): Schedule {
  return makeSchedule('constantSchedule', options, () => options.learningRate);
}

/**
 * `learningRate · factorⁿ` with n milestones passed, as `torch.optim.lr_scheduler.MultiStepLR`. The papers train on
 * CASIA-WebFace for 28 epochs with `{ learningRate: 0.1, milestones: [16, 24] }`.
 * @throws ConfigError for options out of their range
 */
export function multiStepSchedule(options: MultiStepOptions): Schedule {
  const { learningRate, milestones, factor = 0.1 } = options;
  for (const milestone of milestones) {
    checkNumber('multiStepSchedule: milestones', milestone, { minimum: 0, integer: true });
  }
  checkNumber('multiStepSchedule: factor', factor, { minimum: 0 });
  return makeSchedule('multiStepSchedule', options, (place) => {
    const passed = milestones.filter((milestone) => milestone <= place).length;
    return learningRate * factor ** passed;
  });
}

/**
 * From `learningRate` to `endLearningRate` as `(1 − t)^power`, t from 0 at the end of the warm-up to 1 at `length`;
 * without warm-up as `torch.optim.lr_scheduler.PolynomialLR`.
 * @throws ConfigError for options out of their range
 */
export function polynomialSchedule(options: PolynomialOptions): Schedule {
  const { power = 2 } = options;
  checkNumber('polynomialSchedule: power', power, { minimum: 0 });
  return decay('polynomialSchedule', options, (done) => (1 - done) ** power);
}

/**
 * From `learningRate` to `endLearningRate` as `(1 + cos πt) / 2`, t from 0 at the end of the warm-up to 1 at `length`
 * (SGDR, Loshchilov and Hutter, ICLR 2017); without warm-up as `torch.optim.lr_scheduler.CosineAnnealingLR`.
 * @throws ConfigError for options out of their range
 */
export function cosineSchedule(options: DecayOptions): Schedule {
  return decay('cosineSchedule', options, (done) => (1 + Math.cos(Math.PI * done)) / 2);
}

function decay(name: string, options: DecayOptions, left: (done: number) => number): Schedule {
  const { learningRate, length, endLearningRate = 0, warmup = 0 } = options;
  checkNumber(`${name}: length`, length, { minimum: 1, integer: true });
  checkNumber(`${name}: endLearningRate`, endLearningRate, { minimum: 0 });
  if (warmup >= length) {
    throw new ConfigError(
      `${name}: the warm-up takes ${warmup} of ${length}; nothing is left for the decay.`,
    );
  }
  return makeSchedule(name, options, (place) => {
    const done = Math.min(1, (place - warmup) / (length - warmup));
    return endLearningRate + (learningRate - endLearningRate) * left(done);
  });
}
