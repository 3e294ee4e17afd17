import type { Backbone, Ranks } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GradientSum } from '../training/gradient-sum.ts';
import { NetworkSum } from './network-sum.ts';

let [first, second, mean]: tf.Variable[] = [];
let network: Backbone;

beforeEach(async () => {
  await tf.setBackend('cpu');
  const variable = () => tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  [first, second, mean] = [variable(), variable(), variable()];
  network = { trainable: [first, second], statistics: [mean] } as Partial<Backbone> as Backbone;
});
afterEach(() => tf.dispose([first!, second!, mean!]));

/** Returns ranks that are concurrent functions of this process, and only sum. @param onSet called with the number of each array that is set */
function summingRanks(size: number, onSet: (index: number) => void = () => {}): Ranks[] {
  const rounds: { arrays: (readonly Float32Array[])[]; end: () => void; ended: Promise<void> }[] = [];
  const roundOf = (index: number) => {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    rounds[index] ??= { arrays: [], end, ended };
    return rounds[index];
  };
  return Array.from({ length: size }, (_, rank) => {
    let calls = 0;
    const sumOf = async (own: readonly Float32Array[]) => {
      const round = roundOf(calls++);
      round.arrays.push(own.map((array) => array.slice()));
      if (round.arrays.length === size) round.end();
      await round.ended;
      return own.map((array, index) =>
        array.map((__, place) => round.arrays.reduce((sum, each) => sum + each[index]![place]!, 0)),
      );
    };
    return {
      rank,
      size,
      gather: () => Promise.reject(new Error('These ranks only sum.')),
      sum: async (arrays) => {
        for (const [index, values] of (await sumOf(arrays)).entries()) arrays[index]!.set(values);
      },
      startSum: (lengths) => {
        const arrays = lengths.map((length) => new Float32Array(length));
        return {
          spans: [],
          set: (index, values) => {
            onSet(index);
            arrays[index]!.set(values);
          },
          finish: () => sumOf(arrays),
        };
      },
    };
  });
}

it('sends each gradient when it is known, and counts arrays from the last layer', async () => {
  const set: number[] = [];
  const [ranks] = summingRanks(1, (index) => set.push(index));
  const gradients = new GradientSum();
  const sum = new NetworkSum(ranks!, network, gradients);
  await sum.addOne(second!, tf.tensor1d([3, 4]));
  expect(set).toEqual([0]);
  await sum.addOne(first!, tf.tensor1d([5, 6]));
  expect(set).toEqual([0, 1]);
  await sum.finish(1);
  expect(set).toEqual([0, 1]);
  expect([...gradients.get(first!)!.dataSync()]).toEqual([5, 6]);
  gradients.dispose();
});

it('adds micro-batches and ranks, also those without a gradient, and averages statistics by rows', async () => {
  const results = await Promise.all(
    summingRanks(3).map(async (ranks) => {
      const { rank } = ranks;
      const gradients = new GradientSum();
      // Of an earlier micro-batch.
      if (rank < 2) gradients.addOne(first!, tf.tensor1d([10, 10 * rank]));
      const sum = new NetworkSum(ranks, network, gradients);
      if (rank === 1) await sum.addOne(first!, tf.tensor1d([1, 1]));
      await sum.finish([0.5, 0.25, 0.25][rank]!);
      const values = [first, second].map((variable) => gradients.get(variable!)?.dataSync());
      gradients.dispose();
      return values;
    }),
  );
  // No rank has a gradient of the second.
  for (const values of results) expect(values).toEqual([Float32Array.of(21, 11), undefined]);
  expect([...mean!.dataSync()]).toEqual([1, 2]);
});
