import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, shardLoss } from '@openset/core';
import { dataParallel, inProcess } from '@openset/distributed';
import { type CheckpointStore, NonFiniteError, WeightAverage } from '@openset/train';
import { DirectoryCheckpoints } from '@openset/train/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectSame } from './__fixtures__/expect-same.ts';
import {
  type ParallelOptions,
  type ParallelResult,
  parallelSizes,
  trainParallel,
} from './__fixtures__/parallel-run.ts';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';
import { failRanks, trainAlone, trainRanks } from './__fixtures__/train-on-ranks.ts';
import { losses } from './losses.ts';

let folder: string;
const sizes = inject('long') ? [2, 3, 4] : [3];

describe('training with sharded classes', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'openset-shards-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(losses.map(({ name }) => name))('equals one process, after 20 steps: %s', async (name) => {
    const alone = await trainAlone(name);
    for (const size of sizes) expectSame(alone, await trainRanks(name, size, undefined, 'sharded'));
  });

  it('equals one process with a single rank', async () => {
    const options = () => ({ steps: 3 });
    const alone = await trainAlone('BceUnifiedLoss', options());
    expectSame(alone, await trainRanks('BceUnifiedLoss', 1, options, 'sharded'));
  });

  it.each<[string, () => ParallelOptions]>([
    ['clipping', () => ({ clipNorm: 0.5 })],
    ['accumulation', () => ({ accumulate: 2 })],
    ['averages of weights', () => ({ average: new WeightAverage({ decay: 0.9 }) })],
  ])('equals one process with %s', async (_, options) => {
    const alone = await trainAlone('BceUnifiedLoss', options());
    const results = await trainRanks('BceUnifiedLoss', 3, options, 'sharded');
    expectSame(alone, results);
    const readings = ({ events }: ParallelResult) =>
      events.flatMap((event) => (event.kind === 'step' ? [event.gradientNorm!, event.loss!] : []));
    for (const result of results) {
      // All ranks have the norm and the loss of the whole.
      expect(readings(result)).toEqual(readings(results[0]!));
      for (const [index, value] of readings(result).entries())
        expect(value / readings(alone)[index]!).toBeCloseTo(1, 4);
    }
  });

  it.each(inject('long') ? ['EplLoss', 'BceDiverseLoss', 'UssLoss', 'AdaFaceLoss'] : ['EplLoss'])(
    'resumes with other numbers of ranks, and with whole classes: %s',
    async (name) => {
      const alone = await trainAlone(name, { average: new WeightAverage({ decay: 0.9 }) });
      const store = () => new DirectoryCheckpoints(join(folder, name), { keepLast: 1 });
      const until = (steps: number) => () => ({
        steps,
        average: new WeightAverage({ decay: 0.9 }),
        checkpoints: { store: store(), everySteps: 5 },
      });
      await trainRanks(name, 3, until(5), 'sharded');
      await trainRanks(name, 2, until(9), 'sharded');
      await trainAlone(name, until(12)());
      await trainRanks(name, 4, until(14), 'sharded');
      await trainRanks(name, 2, until(17), 'whole');
      const results = await trainRanks(name, 2, until(20), 'sharded');
      expect(results[1]!.events[0]).toMatchObject({ kind: 'start', step: 17, changes: [], skipped: [] });
      expectSame(alone, results);
    },
  );

  it('stops all ranks if the weights of one shard are not finite', async () => {
    const weights = (rank: number): ParallelOptions => ({
      schedule: ({ step }) => (rank === 1 && step === 2 ? 1e38 : 0.002),
      steps: 6,
    });
    for (const error of await failRanks('CosFaceLoss', 3, weights, 'sharded'))
      expect(error).toBeInstanceOf(NonFiniteError);
  });

  it('frees all tensors', async () => {
    const before = tf.memory().numTensors;
    const options = () => ({
      steps: 4,
      clipNorm: 1,
      checkpoints: { store: new DirectoryCheckpoints(join(folder, 'leaks')), everySteps: 2 },
    });
    await trainRanks('UniTSFaceLoss', 3, options, 'sharded');
    await trainRanks('UniTSFaceLoss', 2, () => ({ ...options(), steps: 6 }), 'sharded');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('explains a shard of other ranks, and a store that takes whole checkpoints only', async () => {
    const [first] = inProcess(2).map((communicator) => dataParallel(communicator));
    const loss = shardLoss({ rank: 1, size: 3 }, () => makeRegisteredLoss('CosFaceLoss', parallelSizes));
    for (const ranks of [first!, null]) {
      await expect(trainParallel(loss, ranks)).rejects.toThrow(
        new ConfigError(
          `Trainer: the CosFaceLoss is shard 1 of 3, but this is rank 0 of ${ranks ? 2 : 1}. Create it with shardLoss(ranks, …), and ` +
            'pass the same ranks to the Trainer.',
        ),
      );
    }
    loss.dispose();
    const store: CheckpointStore = {
      prepare: async () => {},
      save: async () => 'saved',
      latest: async () => null,
    };
    for (const error of await failRanks('CosFaceLoss', 2, () => ({ checkpoints: { store } }), 'sharded'))
      expect(error.message).toMatch(/cannot hold a loss whose classes are sharded over ranks/);
  });
});
