import { DataError, ShapeError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type LossConformanceOptions,
  type LossMaker,
  makeBatch,
  standardSizes,
  warmLoss,
} from './conformance-setup.ts';
import { lossAndGradients, numericState } from './evaluate-loss.ts';
import { relativeError } from './relative-error.ts';

const labels = [3, 0, 6, 3, 1];

/** Registers the tests of what a loss tells about a batch: the losses of its samples, and the numbers of `inspect`. */
export function readingTests(make: LossMaker, { context }: LossConformanceOptions): void {
  const { embeddingSize } = standardSizes;

  it('returns losses of the samples whose mean is the loss', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const batch = makeBatch(labels, embeddingSize, 41);
    const { loss: value, rowLosses } = await lossAndGradients(loss, batch.embeddings, batch.labels, {
      context,
    });
    tf.dispose([batch.embeddings, batch.labels]);
    loss.dispose();
    // A loss that is no mean over samples has none.
    if (!rowLosses) return;
    expect(rowLosses).toHaveLength(labels.length);
    const sum = rowLosses.reduce((total, each) => total + each, 0);
    expect(relativeError([sum / labels.length], [value])).toBeLessThan(1e-5);
  });

  it('can be inspected without a change of state, a leak, or an answer to a bad batch', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const { embeddings, labels: own } = makeBatch(labels, embeddingSize, 42);
    const bad = {
      shape: tf.zeros<tf.Rank.R2>([labels.length, embeddingSize + 1]),
      label: tf.tensor1d([3, 0, 7, 3, 1], 'int32'),
    };
    const before = await numericState(loss);
    const { numTensors } = tf.memory();
    const first = await loss.inspect?.(embeddings, own, context);
    for (const [name, values] of Object.entries(first ?? {}))
      expect(Array.from(values).every(Number.isFinite), `${name} is finite`).toBe(true);
    expect(await loss.inspect?.(embeddings, own, context)).toEqual(first);
    if (loss.inspect && loss.inspect.length > 0) {
      const readable = { ...context, checkValues: true };
      await expect(loss.inspect(bad.shape, own, readable)).rejects.toThrow(ShapeError);
      await expect(loss.inspect(embeddings, bad.label, readable)).rejects.toThrow(DataError);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(await numericState(loss)).toEqual(before);
    tf.dispose([embeddings, own, bad.shape, bad.label]);
    loss.dispose();
  });
}
