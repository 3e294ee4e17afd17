import { ConfigError } from '@openset/core';
import { lossAndGradients } from '@openset/testkit';
import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CosFaceLoss, cosFaceDescriptor } from './cosface-loss.ts';

lossConformance(cosFaceDescriptor, {
  fixtures: [
    ...lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url)),
    ...lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url)),
  ],
});

it('rejects options and sizes out of range', () => {
  const sizes = { numClasses: 3, embeddingSize: 4 };
  expect(() => new CosFaceLoss({ ...sizes, scale: 0 })).toThrow(ConfigError);
  expect(() => new CosFaceLoss({ ...sizes, margin: -0.1 })).toThrow(/margin.*-0\.1/);
  expect(() => new CosFaceLoss({ ...sizes, margin: Number.NaN })).toThrow(ConfigError);
  expect(() => new CosFaceLoss({ ...sizes, numClasses: 0 })).toThrow(/CosFaceLoss: numClasses.*is 0/);
  expect(() => new CosFaceLoss({ ...sizes, embeddingSize: 2.5 })).toThrow(ConfigError);
  expect(() => new CosFaceLoss({ ...sizes, blockSize: 0 })).toThrow(/blockSize/);
});

it('accepts soft targets if the margin is 0', async () => {
  const loss = new CosFaceLoss({ numClasses: 2, embeddingSize: 2, margin: 0, scale: 4 });
  const embeddings = tf.tensor2d([[1, 2]]);
  const hard = await lossAndGradients(loss, embeddings, tf.tensor1d([1], 'int32'));
  const soft = await lossAndGradients(loss, embeddings, tf.tensor2d([[0, 1]]));
  expect(soft.loss).toBeCloseTo(hard.loss, 6);
});
