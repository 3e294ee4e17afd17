import type { Backbone } from '@openset/core';
import { dataParallel, inProcess } from '@openset/distributed';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
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

it('sends the gradient of the last layer before that of the first is known', async () => {
  const [communicator] = inProcess(1);
  const allReduce = vi.spyOn(communicator!, 'allReduce');
  const gradients = new GradientSum();
  const sum = new NetworkSum(dataParallel(communicator!, { bucketLength: 2 }), network, gradients);
  await sum.addOne(second!, tf.tensor1d([3, 4]));
  expect(allReduce).toHaveBeenCalledTimes(1);
  await sum.addOne(first!, tf.tensor1d([5, 6]));
  expect(allReduce).toHaveBeenCalledTimes(2);
  await sum.finish(1);
  expect(sum.spans).toHaveLength(2);
  expect([...gradients.get(first!)!.dataSync()]).toEqual([5, 6]);
  gradients.dispose();
});

it('adds micro-batches and ranks, also those without a gradient, and averages statistics by rows', async () => {
  const communicators = inProcess(3);
  const results = await Promise.all(
    communicators.map(async (communicator) => {
      const { rank } = communicator;
      const gradients = new GradientSum();
      // Of an earlier micro-batch.
      if (rank < 2) gradients.addOne(first!, tf.tensor1d([10, 10 * rank]));
      const sum = new NetworkSum(dataParallel(communicator), network, gradients);
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
