import { checkNumber, epochNumber } from '@openset/core';

/** How often something is done; with both numbers, whenever one of them says so. By default after every epoch. */
export interface Cadence {
  /** After every so many epochs. */
  readonly everyEpochs?: number;
  /** After every so many steps. */
  readonly everySteps?: number;
}

/** A step that was made. */
export interface StepPosition {
  /** Steps done, with this one. */
  readonly step: number;
  /** The epoch of this step, from 0. */
  readonly epoch: number;
  readonly isLastOfEpoch: boolean;
}

/** @throws ConfigError for numbers that are not whole and at least 1 */
export function checkCadence(name: string, { everyEpochs, everySteps }: Cadence): void {
  for (const [key, value] of Object.entries({ everyEpochs, everySteps })) {
    if (value !== undefined) checkNumber(`Trainer: ${name}.${key}`, value, { minimum: 1, integer: true });
  }
}

/** Whether it is to be done after a step. */
export function isDue(
  { everyEpochs, everySteps }: Cadence,
  { step, epoch, isLastOfEpoch }: StepPosition,
): boolean {
  if (everySteps !== undefined && step % everySteps === 0) return true;
  const epochs = everyEpochs ?? (everySteps === undefined ? 1 : undefined);
  return isLastOfEpoch && epochs !== undefined && epochNumber(epoch) % epochs === 0;
}
