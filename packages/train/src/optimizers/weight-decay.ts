import type { Variable } from '@tensorflow/tfjs-core';

/**
 * Which variables weight decay leaves alone: those whose name, or the end of it after a `/`, is in the list
 * (`'bias'` for `UssLoss_1/bias`, and for `conv1/bias_1`, as tfjs-layers calls that of the second network in a process), or
 * for which a function says so.
 */
export type WeightDecayExclusion = readonly string[] | ((variable: Variable) => boolean);

/** The function that a `WeightDecayExclusion` stands for. */
export function createExclusionTest(exclusion: WeightDecayExclusion): (variable: Variable) => boolean {
  if (typeof exclusion === 'function') return exclusion;
  return ({ name }) => {
    const names = [name, name.replace(/_\d+$/, '')];
    return exclusion.some((ending) => names.some((one) => one === ending || one.endsWith(`/${ending}`)));
  };
}
