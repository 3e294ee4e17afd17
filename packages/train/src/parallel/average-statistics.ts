import type { Ranks } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Replaces running statistics by their means over the ranks, weighted by the rows of each. Running statistics are linear in those of the
 * batches, so the means are what they would be if every rank had used the mean of all ranks' statistics in each step.
 * @param share rows of this rank, of all rows of the step
 */
export async function averageStatistics(
  ranks: Ranks,
  statistics: readonly tf.Variable[],
  share: number,
): Promise<void> {
  if (statistics.length === 0) return;
  const arrays: Float32Array[] = [];
  for (const variable of statistics)
    arrays.push((await variable.data<'float32'>()).map((value) => share * value));
  await ranks.sum(arrays);
  for (const [index, variable] of statistics.entries()) {
    const mean = tf.tensor(arrays[index]!, variable.shape);
    variable.assign(mean);
    mean.dispose();
  }
}
