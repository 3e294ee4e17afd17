import { checkChoice, checkNumber } from '@openset/core';

/** Where a run stands when a step begins. */
export interface SchedulePosition {
  /** Optimizer steps done before this one. */
  readonly step: number;
  /** Epochs done before this one. */
  readonly epoch: number;
}

/**
 * The learning rate of a step: a function of the position alone, so that a resumed run has it at once. Any function of
 * this kind is a schedule.
 */
export type Schedule = (position: SchedulePosition) => number;

/** What the schedules have in common. */
export interface ScheduleOptions {
  /** The learning rate after the warm-up. */
  readonly learningRate: number;
  /** The unit of all lengths, and how often the learning rate changes; default `'epoch'`. */
  readonly by?: 'epoch' | 'step';
  /**
   * Length of a linear warm-up, in that unit: place t of it (from 0) has `learningRate · (t + 1) / warmup`. By epochs
   * the learning rate stays the same throughout an epoch: count steps for a smooth one. Default 0.
   */
  readonly warmup?: number;
}

/**
 * A schedule with warm-up.
 * @param rateAt the learning rate at a place after the warm-up, counted from the beginning of the run
 * @throws ConfigError for options out of their range
 */
export function makeSchedule(
  name: string,
  { learningRate, by = 'epoch', warmup = 0 }: ScheduleOptions,
  rateAt: (place: number) => number,
): Schedule {
  checkNumber(`${name}: learningRate`, learningRate, { minimum: 0 });
  checkChoice(`${name}: by`, by, ['epoch', 'step']);
  checkNumber(`${name}: warmup`, warmup, { minimum: 0, integer: true });
  return (position) => {
    const place = position[by];
    return place < warmup ? (learningRate * (place + 1)) / warmup : rateAt(place);
  };
}
