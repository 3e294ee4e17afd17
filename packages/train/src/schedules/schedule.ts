import { checkChoice, checkNumber } from '@openset/core';

/** Position of a run at the beginning of a step. */
export interface SchedulePosition {
  /** Number of optimizer steps before this one. */
  readonly step: number;
  /** Number of epochs before this one. */
  readonly epoch: number;
}

/**
 * The learning rate of a step. It depends on the position alone, so a resumed run needs no state. Any such function is a
 * schedule.
 */
export type Schedule = (position: SchedulePosition) => number;

/** Options of every schedule. */
export interface ScheduleOptions {
  /** Learning rate after the warm-up. */
  readonly learningRate: number;
  /** Unit of all lengths, and how often the learning rate changes; default `'epoch'`. */
  readonly by?: 'epoch' | 'step';
  /**
   * Length of a linear warm-up in that unit; default 0. Unit t of it, counted from 0, has the learning rate
   * `learningRate · (t + 1) / warmup`. A warm-up counted in epochs changes once an epoch; count steps for a smooth one.
   */
  readonly warmup?: number;
}

/**
 * Returns a schedule with a warm-up.
 * @param name for messages
 * @param rateAt the learning rate after the warm-up; takes the number of epochs or steps since the beginning of the run
 * @throws ConfigError for options out of range
 */
export function makeSchedule(
  name: string,
  { learningRate, by = 'epoch', warmup = 0 }: ScheduleOptions,
  rateAt: (elapsed: number) => number,
): Schedule {
  checkNumber(`${name}: learningRate`, learningRate, { minimum: 0 });
  checkChoice(`${name}: by`, by, ['epoch', 'step']);
  checkNumber(`${name}: warmup`, warmup, { minimum: 0, integer: true });
  return (position) => {
    const elapsed = position[by];
    return elapsed < warmup ? (learningRate * (elapsed + 1)) / warmup : rateAt(elapsed);
  };
}
