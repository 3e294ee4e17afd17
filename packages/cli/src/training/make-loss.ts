import type { OpenSetLoss } from '@openset/core';
import type { LossSettings } from '../config/loss-schema.ts';
import { losses } from '../losses.ts';

/** What data and network decide. */
export interface LossSizes {
  readonly numClasses: number;
  readonly embeddingSize: number;
  readonly seed: number;
}

/**
 * Makes a loss of its settings.
 * @throws ConfigError for options out of their range
 */
export function makeLoss({ loss: name, ...options }: LossSettings, sizes: LossSizes): OpenSetLoss {
  const Loss = losses[name] as new (options: object) => OpenSetLoss;
  const nested = 'classLoss' in options ? { classLoss: makeLoss(options.classLoss, sizes) } : {};
  return new Loss({ ...options, ...sizes, ...nested });
}
