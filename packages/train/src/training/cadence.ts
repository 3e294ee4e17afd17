import { checkNumber, epochNumber } from '@openset/core';

/** Intervals of a repeated action; with both options, either interval triggers it. Default: after each epoch. */
export interface Cadence {
  /** Epochs between two actions. */
  readonly everyEpochs?: number;
  /** Steps between two actions. */
  readonly everySteps?: number;
}

/** Position of a completed step. */
export interface StepPosition {
  /** Number of steps done, including this one. */
  readonly step: number;
  /** Epoch of this step, counted from 0. */
  readonly epoch: number;
  readonly isLastOfEpoch: boolean;
}

/** Checks the intervals. @throws ConfigError if one is not a whole number of at least 1 */
export function checkCadence(name: string, { everyEpochs, everySteps }: Cadence): void {
  for (const [key, value] of Object.entries({ everyEpochs, everySteps })) {
    if (value !== undefined) checkNumber(`Trainer: ${name}.${key}`, value, { minimum: 1, integer: true });
  }
}

/** Returns whether the action is due after a step. */
export function isDue(
  { everyEpochs, everySteps }: Cadence,
  { step, epoch, isLastOfEpoch }: StepPosition,
): boolean {
  if (everySteps !== undefined && step % everySteps === 0) return true;
  const epochs = everyEpochs ?? (everySteps === undefined ? 1 : undefined);
  return isLastOfEpoch && epochs !== undefined && epochNumber(epoch) % epochs === 0;
}
