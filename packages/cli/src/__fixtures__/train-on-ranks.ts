import { type OpenSetLoss, shardLoss } from '@openset/core';
import { dataParallel, inProcess } from '@openset/distributed';
import { type ParallelOptions, type ParallelResult, parallelSizes, trainParallel } from './parallel-run.ts';
import { makeRegisteredLoss } from './registered-loss.ts';

/** How the ranks share a loss: each has the whole of it, or a part of its classes. */
export type LossOfRanks = 'whole' | 'sharded';

/** Trains in one process with the whole batches. */
export async function trainAlone(name: string, options?: ParallelOptions): Promise<ParallelResult> {
  const loss = makeRegisteredLoss(name, parallelSizes);
  try {
    return await trainParallel(loss, null, options);
  } finally {
    loss.dispose();
  }
}

/** Trains on several ranks of this process. @returns the results or errors of all ranks */
export async function settleRanks(
  name: string,
  size: number,
  options: (rank: number) => ParallelOptions = () => ({}),
  kind: LossOfRanks = 'whole',
): Promise<PromiseSettledResult<ParallelResult>[]> {
  return Promise.allSettled(
    inProcess(size).map(async (communicator) => {
      const ranks = dataParallel(communicator);
      const create = (): OpenSetLoss => makeRegisteredLoss(name, parallelSizes);
      const loss = kind === 'sharded' ? shardLoss(ranks, create) : create();
      try {
        return await trainParallel(loss, ranks, options(communicator.rank));
      } finally {
        loss.dispose();
      }
    }),
  );
}

/** Returns the results of all ranks. @throws the error of the first rank that failed */
export async function trainRanks(...parameters: Parameters<typeof settleRanks>): Promise<ParallelResult[]> {
  const ends = await settleRanks(...parameters);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

/** Returns the errors of all ranks. */
export async function failRanks(...parameters: Parameters<typeof settleRanks>): Promise<Error[]> {
  const ends = await settleRanks(...parameters);
  return ends.map((end) => {
    if (end.status === 'fulfilled') throw new Error('A rank has not failed.');
    return end.reason as Error;
  });
}
