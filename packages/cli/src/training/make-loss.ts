import { createLoss, type LossConfig, type LossSizes, type OpenSetLoss } from '@openset/core';
import { knownLosses } from '../config/loss-modules.ts';
import type { LossSettings } from '../config/loss-schema.ts';

/**
 * Creates a loss from its settings.
 * @throws ConfigError for an unknown loss or option, or an option out of range
 */
export function makeLoss(settings: LossSettings, sizes: Required<Omit<LossSizes, 'blockSize'>>): OpenSetLoss {
  return createLoss(withoutModules(settings) as LossConfig, knownLosses(), sizes);
}

/** Removes `module` from a loss and its nested losses. It belongs to the settings, not to the configuration of a loss. */
function withoutModules(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'module');
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutModules(one)]));
}
