import type { RankSum, Ranks, RankValues } from '@openset/core';
import type { Communicator } from './communicator.ts';
import { GradientBuckets, type GradientBucketsOptions } from './gradient-buckets.ts';
import { WaitClock } from './wait-clock.ts';

/**
 * Returns the ranks of a communicator for the option `ranks` of a `Trainer`, which then trains on all of them. Each rank computes its rows of
 * every batch. Gradients are summed in buckets; the first buckets travel while the backward pass computes the rest.
 *
 * @example
 * ```ts no-run
 * import type { Backbone, OpenSetLoss } from '@openset/core';
 * import { createLoader, type ImageSource } from '@openset/data';
 * import { dataParallel } from '@openset/distributed';
 * import { openMpi } from '@openset/distributed/node';
 * import { Sgd, Trainer } from '@openset/train';
 *
 * declare const source: ImageSource;
 * declare const [backbone, loss]: [Backbone, OpenSetLoss];
 * const communicator = await openMpi(); // mpirun -n 4 node train.js
 * const ranks = dataParallel(communicator);
 * const part = { index: ranks.rank, count: ranks.size };
 * await new Trainer({
 *   ...{ backbone, loss, optimizer: new Sgd({ learningRate: 0.1 }), epochs: 28, ranks },
 *   batches: (start) => createLoader(source, { batchSize: 64, height: 112, width: 112, channels: 3, part, start }),
 * }).run();
 * await communicator.close();
 * ```
 * @throws ConfigError for bad options
 */
export function dataParallel(communicator: Communicator, options: GradientBucketsOptions = {}): Ranks {
  const buckets = new GradientBuckets(communicator, options);
  const exact = new GradientBuckets(communicator, { ...options, wire: 'float32' });
  const waits = new WaitClock();
  const start = (from: GradientBuckets, lengths: readonly number[]): RankSum => {
    const sum = from.start(lengths);
    return {
      set: (index, values) => sum.set(index, values),
      finish: () => waits.during(sum.finish()),
      get spans() {
        return sum.spans;
      },
    };
  };
  return {
    rank: communicator.rank,
    size: communicator.size,
    gather: <T extends RankValues>(values: T) => waits.during(communicator.allGatherVarying(values)),
    sum: async (arrays) => {
      const sum = start(
        exact,
        arrays.map(({ length }) => length),
      );
      for (const [index, array] of arrays.entries()) sum.set(index, array);
      for (const [index, values] of (await sum.finish()).entries()) arrays[index]!.set(values);
    },
    startSum: (lengths) => start(buckets, lengths),
    ...(communicator.allReduceNow && {
      sumNow: (values: Float64Array) => waits.duringCall(() => communicator.allReduceNow!(values)),
    }),
    waitedSeconds: () => waits.seconds(),
  };
}
