import '@openset/wasm-kernels';
import '@tensorflow/tfjs-backend-cpu';
import {
  ConfigError,
  createLoss,
  type LossGradients,
  lossGradients,
  normalValues,
  type OpenSetLoss,
  type Ranks,
  randomNumbers,
  shardedLossGradients,
  shardLoss,
  shardOf,
} from '@openset/core';
import { dataParallel, inProcess } from '@openset/distributed';
import { AdamW, Sgd, type TrainingOptimizer } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { losses } from './losses.ts';

const sizes = { numClasses: 9, embeddingSize: 6 };
const optimizers: Readonly<Record<string, () => TrainingOptimizer>> = {
  'SGD with momentum and decay': () => new Sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.1 }),
  AdamW: () => new AdamW({ learningRate: 0.01, weightDecay: 0.1 }),
};

type Compute = (
  embeddings: tf.Variable<tf.Rank.R2>,
  labels: tf.Tensor1D,
) => LossGradients | Promise<LossGradients>;

/** Trains for 4 steps. @returns the values of the loss, and the state; and how many updates there were */
async function train(loss: OpenSetLoss, optimizer: TrainingOptimizer, compute: Compute) {
  const run = { values: [] as number[], updates: 0, weight: [] as number[], bias: [] as number[] };
  const random = randomNumbers(3);
  for (let step = 0; step < 4; step++) {
    const labels = tf.tensor1d(
      Array.from({ length: 8 }, () => Math.floor(sizes.numClasses * random())),
      'int32',
    );
    const embeddings = tf.tidy(() => tf.variable(normalValues([8, sizes.embeddingSize], 1, step + 1)));
    const { value, gradients, updates, step: pending } = await compute(embeddings, labels);
    run.values.push(value.dataSync()[0]!);
    run.updates += updates.length;
    for (const update of updates) {
      update.apply(optimizer).dispose();
      update.dispose();
    }
    const trained = [...gradients].filter(([variable]) => variable !== embeddings);
    optimizer.applyGradients(trained.map(([{ name }, tensor]) => ({ name, tensor })));
    pending.commit();
    pending.dispose();
    tf.dispose([value, ...gradients.values(), embeddings, labels]);
  }
  const state = loss.getState();
  run.weight.push(...state.weight!.dataSync());
  run.bias.push(...(state.bias?.dataSync() ?? []));
  tf.dispose(state);
  optimizer.dispose();
  loss.dispose();
  return run;
}

const trainShards = (create: () => OpenSetLoss, makeOptimizer: () => TrainingOptimizer, defers: boolean) =>
  Promise.all(
    inProcess(3).map((communicator) => {
      const ranks: Ranks = dataParallel(communicator);
      const loss = shardLoss(ranks, create);
      const optimizer = makeOptimizer();
      return train(loss, optimizer, (embeddings, labels) =>
        shardedLossGradients(loss, embeddings, labels, ranks, defers ? { blockOptimizer: optimizer } : {}),
      );
    }),
  );

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  found.forEach((value, index) => {
    expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-5 * largest);
  });
}

describe.each(['cpu', 'wasm'])('updates of shards on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  const configs = {
    BCE: { loss: 'BceUnifiedLoss', scale: 8 },
    softmax: { loss: 'CosFaceLoss', scale: 8 },
    centers: { loss: 'SubCenterArcFaceLoss', scale: 8, subCenters: 2 },
  };

  describe.each(Object.entries(optimizers))('with %s', (_, makeOptimizer) => {
    it.each(Object.entries(configs))('equal those of the whole loss: %s', async (_, config) => {
      const create = () => createLoss(config, losses, sizes);
      const tensors = tf.memory().numTensors;
      const loss = create();
      const optimizer = makeOptimizer();
      const whole = await train(loss, optimizer, (embeddings, labels) =>
        lossGradients(loss, () => embeddings, labels, { variables: [...loss.trainable, embeddings] }),
      );
      const shards = await trainShards(create, makeOptimizer, true);
      for (const { values, updates, bias } of shards) {
        expectClose(values, whole.values);
        expectClose(bias, whole.bias);
        expect(updates).toBe(4);
      }
      expectClose(
        shards.flatMap(({ weight }) => weight),
        whole.weight,
      );
      expect(tf.memory().numTensors).toBe(tensors);
    });

    it.each(Object.entries(configs))('equal whole gradients with sampled classes: %s', async (_, config) => {
      const create = () => createLoss({ ...config, negativeSampleRate: 0.7 }, losses, sizes);
      const tensors = tf.memory().numTensors;
      const deferred = await trainShards(create, makeOptimizer, true);
      const stored = await trainShards(create, makeOptimizer, false);
      deferred.forEach(({ values, weight, updates }, rank) => {
        expectClose(values, stored[rank]!.values);
        expectClose(weight, stored[rank]!.weight);
        expect([updates, stored[rank]!.updates]).toEqual([4, 0]);
      });
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });
});

describe('a shard', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('scores the drawn classes of all shards', async () => {
    // All negatives have the same logit, so that the loss tells how many there are.
    const create = () =>
      createLoss(
        { loss: 'BceUnifiedLoss', scale: 1, margin: 0, biasInit: 0, negativeSampleRate: 0.5 },
        losses,
        {
          numClasses: 9,
          embeddingSize: 4,
        },
      );
    const values = await Promise.all(
      inProcess(2).map(async (communicator) => {
        const ranks = dataParallel(communicator);
        const loss = shardLoss(ranks, create);
        const rows = shardOf(loss.trainable[0]!)!.count;
        tf.tidy(() => loss.trainable[0]!.assign(tf.tile(tf.tensor2d([[1, 0, 0, 0]]), [rows, 1])));
        const embeddings = tf.tidy(() => tf.variable(tf.tensor2d([[0, 1, 0, 0]])));
        const labels = tf.tensor1d([8], 'int32');
        const { value, gradients, step } = await shardedLossGradients(loss, embeddings, labels, ranks);
        const result = value.dataSync()[0]!;
        step.dispose();
        tf.dispose([value, ...gradients.values(), embeddings, labels]);
        loss.dispose();
        return result;
      }),
    );
    // ⌊4 / 2⌋ + ⌊5 / 2⌋ classes with the logit 0.
    for (const value of values) expect(value).toBeCloseTo(4 * Math.log(2), 5);
  });

  it('scores soft targets', async () => {
    for (const config of [
      { loss: 'SoftmaxLoss', normalized: false },
      { loss: 'BceUnifiedLoss', scale: 8, margin: 0 },
    ]) {
      const create = () => createLoss(config, losses, sizes);
      const compute = async (ranks: Ranks | null) => {
        const loss = ranks ? shardLoss(ranks, create) : create();
        const embeddings = tf.tidy(() => tf.variable(normalValues([5, sizes.embeddingSize], 1, 4)));
        const targets = tf.tidy(() => tf.softmax(normalValues([5, sizes.numClasses], 1, 5)));
        const { value, gradients, step } = ranks
          ? await shardedLossGradients(loss, embeddings, targets, ranks)
          : lossGradients(loss, () => embeddings, targets, { variables: [...loss.trainable, embeddings] });
        const result = [value.dataSync()[0]!, ...gradients.get(embeddings)!.dataSync()];
        step.dispose();
        tf.dispose([value, ...gradients.values(), embeddings, targets]);
        loss.dispose();
        return result;
      };
      const whole = await compute(null);
      for (const part of await Promise.all(inProcess(4).map((each) => compute(dataParallel(each)))))
        expectClose(part, whole);
    }
  });

  it('does not compute alone, and leaves no tensors after an error', async () => {
    const tensors = tf.memory().numTensors;
    const [communicator] = inProcess(1);
    const ranks = dataParallel(communicator!);
    const loss = shardLoss(ranks, () => createLoss({ loss: 'CosFaceLoss' }, losses, sizes));
    const embeddings = tf.tidy(() => tf.variable(normalValues([2, sizes.embeddingSize], 1, 4)));
    const [labels, wrong] = [tf.tensor1d([0, 1], 'int32'), tf.tensor1d([0, 9], 'int32')];
    expect(() => loss.forward(embeddings, labels)).toThrow(ConfigError);
    expect(() => lossGradients(loss, () => embeddings, labels)).toThrow(
      /call shardedLossGradients on all ranks/,
    );
    await expect(shardedLossGradients(loss, embeddings, wrong, ranks)).rejects.toThrow('labels[1] is 9');
    const sampledClasses = tf.tensor1d([0, 1, 2], 'int32');
    await expect(
      shardedLossGradients(loss, embeddings, labels, ranks, { context: { sampledClasses } }),
    ).rejects.toThrow(/sampledClasses names classes of the whole loss/);
    tf.dispose([embeddings, labels, wrong, sampledClasses]);
    loss.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
