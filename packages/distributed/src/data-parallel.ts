import type { Ranks, RankValues } from '@openset/core';
import type { Communicator } from './communicator.ts';
import { GradientBuckets, type GradientBucketsOptions } from './gradient-buckets.ts';

/**
 * Returns the ranks of a communicator for the option `ranks` of a `Trainer`, which then trains on all of them: each rank computes its rows of
 * every batch, and gradients are summed in buckets.
 *
 * @example
 * const communicator = await openMpi();   // mpirun -n 4 node train.js
 * const ranks = dataParallel(communicator);
 * const part = { index: ranks.rank, count: ranks.size };
 * const batches = (start) => createLoader(source, { ...options, part, start });
 * await new Trainer({ backbone, loss, optimizer, batches, epochs: 28, ranks }).run();
 * await communicator.close();
 * @throws ConfigError for bad options
 */
export function dataParallel(communicator: Communicator, options: GradientBucketsOptions = {}): Ranks {
  const buckets = new GradientBuckets(communicator, options);
  return {
    rank: communicator.rank,
    size: communicator.size,
    gather: <T extends RankValues>(values: T) => communicator.allGatherVarying(values),
    sum: async (arrays) => {
      for (const array of arrays) buckets.add(array);
      await buckets.finish();
    },
  };
}
