import { decodeState, encodeState, minimize } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  commitBatch,
  type LossConformanceOptions,
  type LossMaker,
  makeBatch,
  standardSizes,
  warmLoss,
} from './conformance-setup.ts';
import { lossAndGradients, numericState } from './evaluate-loss.ts';

const labels = [3, 0, 6, 3, 1];

/** Registers the tests of the purity of `forward`, of snapshots, of the configuration, and of leaks. */
export function stateTests(make: LossMaker, { context }: LossConformanceOptions): void {
  const { embeddingSize } = standardSizes;

  it('changes no state in forward, and returns the same result twice', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const batch = makeBatch(labels, embeddingSize, 7);
    const before = await numericState(loss);
    const first = await lossAndGradients(loss, batch.embeddings, batch.labels, { context });
    const second = await lossAndGradients(loss, batch.embeddings, batch.labels, { context });
    expect(second).toEqual(first);
    expect(await numericState(loss)).toEqual(before);
    loss.dispose();
  });

  it('resumes from a saved state as if it had not been interrupted', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const state = loss.getState();
    const bytes = await encodeState(state);
    const restored = make({ ...standardSizes, seed: 99 });
    const decoded = decodeState(bytes);
    restored.setState(decoded);
    tf.dispose([state, decoded]);
    for (const seed of [21, 22]) {
      const batch = makeBatch(labels, embeddingSize, seed);
      const options = { context, commit: true };
      const expected = await lossAndGradients(loss, batch.embeddings, batch.labels, options);
      expect(await lossAndGradients(restored, batch.embeddings, batch.labels, options)).toEqual(expected);
      expect(await numericState(restored)).toEqual(await numericState(loss));
    }
    loss.dispose();
    restored.dispose();
  });

  it('returns snapshots that later changes do not affect', async () => {
    const loss = warmLoss(make, standardSizes, context);
    const snapshot = loss.getState();
    const read = async () =>
      Object.fromEntries(
        await Promise.all(
          Object.entries(snapshot).map(async ([key, tensor]) => [key, [...(await tensor.data())]]),
        ),
      );
    const before = await read();
    commitBatch(loss, makeBatch(labels, embeddingSize, 8), context);
    for (const variable of loss.trainable) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    expect(await read()).toEqual(before);
    tf.dispose(snapshot);
    loss.dispose();
  });

  it('describes itself in plain JSON', () => {
    const loss = make(standardSizes);
    const config = loss.getConfig();
    expect(config.loss).toBe(loss.name);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    loss.dispose();
  });

  it('returns a finite threshold and what it separates, or null', () => {
    const loss = warmLoss(make, standardSizes, context);
    const threshold = loss.threshold();
    if (threshold) {
      expect(Number.isFinite(threshold.cosine)).toBe(true);
      expect(['embeddings', 'embedding and class']).toContain(threshold.between);
    }
    loss.dispose();
  });

  it('leaks no tensors', async () => {
    const before = tf.memory().numTensors;
    const loss = make(standardSizes);
    const optimizer = tf.train.sgd(0.01);
    const holding = tf.memory().numTensors;
    const start = makeBatch(labels, embeddingSize, 9);
    // The embeddings are a variable, so that a loss without trainable variables can be minimised.
    const embeddings = tf.variable(start.embeddings);
    const options = { context, variables: [embeddings as tf.Variable, ...loss.trainable] };
    const held = tf.memory().numTensors;
    for (let count = 0; count < 3; count++) {
      minimize(optimizer, loss, () => embeddings as tf.Tensor2D, start.labels, options).dispose();
      const unused = loss.forward(start.embeddings, start.labels, context);
      unused.dispose();
      unused.dispose();
      loss.observe?.(start.embeddings, start.labels, context).dispose();
      tf.dispose(loss.getState());
      expect(tf.memory().numTensors).toBe(held);
    }
    expect(held - holding).toBe(3);
    tf.dispose([embeddings, start.embeddings, start.labels]);
    loss.dispose();
    loss.dispose();
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
}
