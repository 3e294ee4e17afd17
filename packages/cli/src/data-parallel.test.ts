import '@tensorflow/tfjs-backend-cpu';
import { ConfigError, DataError } from '@openset/core';
import { dataParallel, inProcess } from '@openset/distributed';
import {
  type Checkpoint,
  type CheckpointStore,
  type EvaluationContext,
  OtherRankError,
  type RanksEvent,
  type TrainingEvent,
  WeightAverage,
} from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { expectSame } from './__fixtures__/expect-same.ts';
import {
  parallelSizes,
  relativeDifference,
  synchronized,
  trainParallel,
} from './__fixtures__/parallel-run.ts';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';
import { failRanks, trainAlone, trainRanks } from './__fixtures__/train-on-ranks.ts';
import { losses } from './losses.ts';

/** Keeps the newest checkpoint in memory. */
class MemoryStore implements CheckpointStore {
  #last: Checkpoint | null = null;

  async prepare(): Promise<void> {}

  async save(checkpoint: Checkpoint): Promise<string> {
    this.#last = structuredClone(checkpoint);
    return 'memory';
  }

  async latest() {
    return this.#last && { name: 'memory', checkpoint: this.#last, skipped: [] };
  }
}

/** The store of ranks that must not use it. */
const noStore: CheckpointStore = {
  prepare: () => Promise.reject(new Error('prepared')),
  save: () => Promise.reject(new Error('saved')),
  latest: () => Promise.reject(new Error('read')),
};

describe('data-parallel training', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each(losses.map(({ name }) => name))('equals one process, after 20 steps: %s', async (name) => {
    const alone = await trainAlone(name);
    for (const size of inject('long') ? [2, 3, 4] : [4]) expectSame(alone, await trainRanks(name, size));
  });

  it('equals one process with accumulation, clipping, averages and more ranks than rows', async () => {
    const options = () => ({ accumulate: 2, clipNorm: 0.5, average: new WeightAverage({ decay: 0.9 }) });
    const alone = await trainAlone('UniTSFaceLoss', options());
    const loss = [alone, ...(await trainRanks('UniTSFaceLoss', 12, options))];
    for (const result of loss) {
      expect(relativeDifference(alone, result, 'backbone')).toBeLessThan(1e-5);
      expect(relativeDifference(alone, result, 'loss')).toBeLessThan(1e-5);
    }
    const isCommon = ({ kind }: TrainingEvent) => kind !== 'ranks';
    const [first, ...others] = loss.map(({ events }) =>
      events.filter(isCommon).map((event) => ({ ...event, seconds: 0, timing: null })),
    );
    for (const events of others) {
      expect(events.map(({ kind, step, epoch }) => ({ kind, step, epoch }))).toEqual(
        first!.map(({ kind, step, epoch }) => ({ kind, step, epoch })),
      );
      for (const [index, event] of events.entries()) {
        if (event.kind === 'step') expect(event.images).toBe((first![index] as typeof event).images);
        if ('loss' in event) expect(event.loss).toBeCloseTo((first![index] as typeof event).loss!, 4);
      }
    }
  });

  it('reports the rates of all ranks to all of them, after 10 steps', async () => {
    const results = await trainRanks('CosFaceLoss', 2);
    for (const { events } of results) {
      const reports = events.filter(({ kind }) => kind === 'ranks');
      expect(reports).toEqual([
        { kind: 'ranks', step: 10, epoch: 1, imagesPerSecond: [expect.any(Number), expect.any(Number)] },
      ]);
      expect(reports).toEqual(results[0]!.events.filter(({ kind }) => kind === 'ranks'));
      for (const rate of (reports[0] as RanksEvent).imagesPerSecond) expect(rate).toBeGreaterThan(0);
    }
  });

  it('gives all ranks the mean of their running statistics', async () => {
    const results = await trainRanks('CosFaceLoss', 2, () => ({ hasNorm: true }));
    expect(results[1]!.numbers).toEqual(results[0]!.numbers);
  });

  it('resumes with another number of ranks', async () => {
    const alone = await trainAlone('EplLoss');
    const checkpoints = new MemoryStore();
    const withStore = (steps: number) => (rank: number) => ({
      steps,
      // Only rank 0 uses its store.
      checkpoints: { store: rank === 0 ? checkpoints : noStore, everySteps: 5 },
    });
    for (const [size, steps] of [
      [2, 7],
      [3, 13],
      [1, 16],
      [4, 20],
    ] as const) {
      const results = await trainRanks('EplLoss', size, withStore(steps));
      for (const { numbers } of results) expect(numbers).toEqual(results[0]!.numbers);
      if (steps < 20) continue;
      expect(results[0]!.events[0]).toMatchObject({ kind: 'start', step: 16 });
      expect(relativeDifference(alone, results[0]!, 'backbone')).toBeLessThan(1e-5);
      expect(relativeDifference(alone, results[0]!, 'loss')).toBeLessThan(1e-5);
    }
  });

  it('stops all ranks at the signal of one, and evaluates on all', async () => {
    const stop = new AbortController();
    const evaluations: number[] = [];
    const options = (rank: number) => ({
      ...(rank === 1 && { signal: stop.signal }),
      evaluation: {
        everySteps: 2,
        best: { metric: 'score' },
        run: ({ step }: EvaluationContext) => {
          evaluations.push(rank);
          if (rank === 1 && step === 4) stop.abort();
          // Only that of rank 0 counts.
          return { score: rank === 0 ? step : -step, missing: Number.NaN };
        },
      },
    });
    const results = await trainRanks('CosFaceLoss', 2, options);
    for (const { events } of results) {
      expect(events.at(-1)).toEqual({ kind: 'stopped', step: 4, epoch: 0 });
      expect(events.filter(({ kind }) => kind === 'evaluation')).toMatchObject([
        { step: 2, values: { score: 2, missing: Number.NaN }, isBest: true },
        { step: 4, values: { score: 4, missing: Number.NaN }, isBest: true },
      ]);
    }
    expect(evaluations.sort()).toEqual([0, 0, 1, 1]);
  });

  it('reports the failure of one rank on all of them', async () => {
    const options = (rank: number) => ({
      evaluation: {
        everySteps: 2,
        run: () => {
          if (rank === 1) throw new DataError('the pairs are gone');
          return {};
        },
      },
    });
    const ends = await failRanks('CosFaceLoss', 3, options);
    expect(ends[1]).toBeInstanceOf(DataError);
    for (const rank of [0, 2]) {
      expect(ends[rank]).toBeInstanceOf(OtherRankError);
      expect(ends[rank]!.message).toBe('Rank 1 failed: the pairs are gone');
    }
  });

  it('names a network whose batch norms cannot be synchronised', async () => {
    const loss = () => makeRegisteredLoss('CosFaceLoss', parallelSizes);
    const ends = await Promise.allSettled(
      inProcess(2).map(async (communicator) => {
        const ranks = { ...dataParallel(communicator), sumNow: () => {} };
        await trainParallel(loss(), ranks, { hasNorm: true, syncBatchNorm: true });
      }),
    );
    for (const end of ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: expect.any(ConfigError) });
      expect(String((end as PromiseRejectedResult).reason)).toMatch(
        /the batch norms of 'tiny' cannot sum their statistics over the ranks; those of the networks of @openset\/backbones can\./,
      );
    }
  });

  it('one rank alone, and one process, need not synchronise', async () => {
    const options = { ...synchronized, steps: 3 };
    const plain = await trainAlone('CosFaceLoss', { ...options, syncBatchNorm: false });
    const [rank] = await trainRanks('CosFaceLoss', 1, () => options);
    const alone = await trainAlone('CosFaceLoss', options);
    expect(alone.numbers).toEqual(plain.numbers);
    expect(relativeDifference(alone, rank!, 'backbone', 0.1)).toBeLessThan(1e-5);
  });

  it('names ranks that read different batches, and ranks whose weights differ', async () => {
    const mismatched = await failRanks('CosFaceLoss', 2, (rank) => ({ batchSize: rank === 0 ? 10 : 20 }));
    for (const error of mismatched)
      expect(error.message).toMatch(/^The ranks read different batches: rank [01] the batch before/);
    const drifted = await failRanks('CosFaceLoss', 3, (rank) => ({ networkSeed: rank === 2 ? 9 : 1 }));
    for (const error of drifted)
      expect(error.message).toMatch(/backbone\.safetensors of rank 2 differs from that of rank 0/);
  });
});
