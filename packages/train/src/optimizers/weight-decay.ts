import type { Variable } from '@tensorflow/tfjs-core';

/**
 * Which variables weight decay leaves alone: those whose name, or the end of it after a `/`, is in the list
 * (`'bias'` for `UssLoss_1/bias`), or for which a function says so.
 */
export type WeightDecayExclusion = readonly string[] | ((variable: Variable) => boolean);

/** The function that a `WeightDecayExclusion` stands for. */
export function excludes(exclusion: WeightDecayExclusion): (variable: Variable) => boolean {
  if (typeof exclusion === 'function') return exclusion;
  return ({ name }) => exclusion.some((ending) => name === ending || name.endsWith(`/${ending}`));
}
