import type { Variable } from '@tensorflow/tfjs-core';

/**
 * Variables that weight decay skips, as names or as a function. A name matches the whole name of a variable or its end
 * after a `/`: `'bias'` matches `UssLoss_1/bias`. It also matches `conv1/bias_1`, the name that tfjs-layers gives in the
 * second network of a process.
 */
export type WeightDecayExclusion = readonly string[] | ((variable: Variable) => boolean);

/** Returns a function that says whether weight decay skips a variable. */
export function createExclusionTest(exclusion: WeightDecayExclusion): (variable: Variable) => boolean {
  if (typeof exclusion === 'function') return exclusion;
  return ({ name }) => {
    const names = [name, name.replace(/_\d+$/, '')];
    return exclusion.some((ending) => names.some((one) => one === ending || one.endsWith(`/${ending}`)));
  };
}
