import type { LossContext } from './contract.ts';
import { ConfigError } from './errors.ts';

/**
 * Whether a part of a loss that starts at `startEpoch` (counted from 1, as in the papers' code) counts now.
 * @throws ConfigError if that depends on the epoch and the context does not tell it
 */
export function hasStarted(what: string, startEpoch: number, context: LossContext | undefined): boolean {
  if (startEpoch <= 1) return true;
  if (context?.epoch === undefined) {
    throw new ConfigError(
      `${what} starts at epoch ${startEpoch}: pass { epoch } (counted from 0) as the context of forward or minimize, ` +
        'or set startEpoch to 1.',
    );
  }
  return context.epoch + 1 >= startEpoch;
}
