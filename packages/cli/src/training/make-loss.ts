import { createLoss, type LossConfig, type LossSizes, type OpenSetLoss } from '@openset/core';
import { knownLosses } from '../config/loss-modules.ts';
import type { LossSettings } from '../config/loss-schema.ts';

/**
 * Makes a loss from its settings.
 * @throws ConfigError for options out of their range
 */
export function makeLoss(settings: LossSettings, sizes: Required<Omit<LossSizes, 'blockSize'>>): OpenSetLoss {
  return createLoss(withoutModules(settings) as LossConfig, knownLosses(), sizes);
}

/** Settings also say which module a loss comes from, its own and that of nested losses. */
function withoutModules(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'module');
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutModules(one)]));
}
