import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { shardOf } from './class-shard.ts';
import { ClassWeightsLoss, type ClassWeightsLossOptions } from './class-weights-loss.ts';
import { ConfigError } from './errors.ts';
import { normalValues, randomNumbers, uniformValues } from './initial-values.ts';
import { isSharded, shardLoss } from './shard-loss.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

class Loss extends ClassWeightsLoss {
  constructor(
    options: ClassWeightsLossOptions,
    similarity: 'cosine' | 'dot' = 'cosine',
    biases = 1,
    centers = 1,
  ) {
    const bankOptions = { criterion: softmaxCriterion, similarity, centers };
    super('Loss', options, bankOptions, () => tf.range(0, biases) as tf.Tensor1D);
  }
}

const sizes = { numClasses: 7, embeddingSize: 3, seed: 5 };

describe('shardLoss', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each([
    ['cosine', 1, 1],
    ['dot', 7, 1],
    ['cosine', 7, 2],
  ] as const)(
    'creates parts with the values of the whole loss: %s, %i biases, %i centers',
    (similarity, biases, centers) => {
      const whole = new Loss(sizes, similarity, biases, centers);
      for (const size of [1, 2, 3, 7]) {
        const parts = Array.from({ length: size }, (_, rank) =>
          shardLoss({ rank, size }, () => new Loss(sizes, similarity, biases, centers)),
        );
        const values = (loss: Loss, key: 'weight' | 'bias') => [...loss[key]!.dataSync()];
        expect(parts.flatMap((part) => values(part, 'weight'))).toEqual(values(whole, 'weight'));
        if (biases === 7)
          expect(parts.flatMap((part) => values(part, 'bias'))).toEqual(values(whole, 'bias'));
        for (const part of parts) {
          expect(part.numClasses).toBe(7);
          expect(part.getConfig()).toEqual(whole.getConfig());
          expect(isSharded(part)).toBe(true);
          if (biases === 1) expect(values(part, 'bias')).toEqual([0]);
          part.dispose();
        }
      }
      expect(isSharded(whole)).toBe(false);
      whole.dispose();
    },
  );

  it('says which rows variables and tensors of the state hold', () => {
    const loss = shardLoss({ rank: 1, size: 3 }, () => new Loss(sizes, 'cosine', 1, 2));
    const state = loss.getState();
    for (const tensor of [loss.weight, state.weight!])
      expect(shardOf(tensor)).toEqual({ rank: 1, size: 3, rowsOfEach: 2, start: 4, count: 4, total: 14 });
    for (const tensor of [loss.bias!, state.bias!]) expect(shardOf(tensor)).toBeNull();
    tf.dispose(state);
    loss.dispose();
  });

  it('refuses more ranks than classes, ranks out of range and nested calls, and leaves nothing behind', () => {
    const tensors = tf.memory().numTensors;
    expect(() => shardLoss({ rank: 0, size: 8 }, () => new Loss(sizes))).toThrow(
      'Loss has 7 classes, which 8 ranks cannot share: every rank needs at least one. Start at most 7, or do not shard the classes.',
    );
    expect(() => shardLoss({ rank: 2, size: 2 }, () => new Loss(sizes))).toThrow(ConfigError);
    const part = { rank: 0, size: 2 };
    expect(() => shardLoss(part, () => shardLoss(part, () => new Loss(sizes)))).toThrow(
      /inside another shardLoss/,
    );
    expect(tf.memory().numTensors).toBe(tensors);
    const whole = new Loss(sizes);
    expect(isSharded(whole)).toBe(false);
    whole.dispose();
  });
});

describe('initial values', () => {
  it('skip numbers and rows without other values', () => {
    const [all, some] = [randomNumbers(9), randomNumbers(9, 5)];
    for (let index = 0; index < 5; index++) all();
    expect([some(), some()]).toEqual([all(), all()]);
    for (const values of [normalValues, uniformValues]) {
      const whole = values([5, 3], 0.5, 4).arraySync();
      expect(values([5, 3], 0.5, 4, { start: 1, count: 3 }).arraySync()).toEqual(whole.slice(1, 4));
      expect(values([5, 3], 0.5, 4, { start: 4, count: 1 }).arraySync()).toEqual(whole.slice(4));
    }
  });
});
