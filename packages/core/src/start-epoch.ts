import type { LossContext } from './contract.ts';
import { ConfigError } from './errors.ts';

// How this project counts epochs. Programs count from 0: `LossContext.epoch`, positions in the data, events, logs and
// checkpoints. People count from 1, as the papers' code does: `startEpoch` and `endEpoch`, progress lines and messages.
// `epochNumber` is the one conversion.

/**
 * Returns the number of an epoch as people count it.
 * @param epoch counted from 0
 * @returns the number counted from 1, as `startEpoch` and progress lines count
 */
export function epochNumber(epoch: number): number {
  return epoch + 1;
}

/**
 * Returns whether a part of a loss has started.
 * @param what subject of the message, such as `The part 'prototypes'`
 * @param startEpoch the first epoch in which it counts, counted from 1
 * @throws ConfigError if that depends on the epoch and the context lacks it
 */
export function hasStarted(what: string, startEpoch: number, context: LossContext | undefined): boolean {
  if (startEpoch <= 1) return true;
  return numberOf(context, `${what} starts at epoch ${startEpoch}`, 'set startEpoch to 1') >= startEpoch;
}

/**
 * Returns whether a part of a loss has ended.
 * @param what subject of the message, such as `The part 'prototypes'`
 * @param endEpoch the last epoch in which it counts, counted from 1
 * @throws ConfigError if the context lacks the epoch
 */
export function hasEnded(what: string, endEpoch: number, context: LossContext | undefined): boolean {
  return numberOf(context, `${what} ends after epoch ${endEpoch}`, 'omit endEpoch') > endEpoch;
}

function numberOf(context: LossContext | undefined, reason: string, otherwise: string): number {
  if (context?.epoch !== undefined) return epochNumber(context.epoch);
  throw new ConfigError(
    `${reason}: pass the epoch, counted from 0, as { epoch } to forward or as { context: { epoch } } to minimize, or ` +
      `${otherwise}.`,
  );
}
