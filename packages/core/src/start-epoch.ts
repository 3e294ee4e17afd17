import type { LossContext } from './contract.ts';
import { ConfigError } from './errors.ts';

/**
 * Whether a part of a loss that starts at `startEpoch` (counted from 1, as in the papers' code) counts now.
 * @throws ConfigError if that depends on the epoch and the context does not tell it
 */
export function hasStarted(what: string, startEpoch: number, context: LossContext | undefined): boolean {
  if (startEpoch <= 1) return true;
  return epochOf(context, `${what} starts at epoch ${startEpoch}`, 'set startEpoch to 1') >= startEpoch;
}

/**
 * Whether a part of a loss that counts until `endEpoch` (counted from 1) counts no more.
 * @throws ConfigError if the context does not tell the epoch
 */
export function hasEnded(what: string, endEpoch: number, context: LossContext | undefined): boolean {
  return (
    epochOf(context, `The end of ${what} comes after epoch ${endEpoch}`, 'leave endEpoch out') > endEpoch
  );
}

/** The epoch, counted from 1. */
function epochOf(context: LossContext | undefined, reason: string, otherwise: string): number {
  if (context?.epoch !== undefined) return context.epoch + 1;
  throw new ConfigError(
    `${reason}: pass the epoch, counted from 0, as { epoch } to forward or as { context: { epoch } } to minimize, or ` +
      `${otherwise}.`,
  );
}
