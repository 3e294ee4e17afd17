import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { lossAndGradients } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScalarLoss, tinyBatch, tinySizes } from './__fixtures__/scalar-loss.ts';
import { CombinedLoss, type CombinedPart } from './combined-loss.ts';
import type { LearnedThreshold } from './contract.ts';
import { ConfigError, DataError, ShapeError } from './errors.ts';

const part = (factor: number, threshold?: LearnedThreshold) =>
  new ScalarLoss({ ...tinySizes, factor, ...(threshold ? { threshold } : {}) });

describeOnBackends('CombinedLoss', () => {
  let batch: ReturnType<typeof tinyBatch>;
  let made: CombinedLoss[];
  beforeEach(() => {
    batch = tinyBatch();
    made = [];
  });
  afterEach(() => {
    for (const loss of made) loss.dispose();
    tf.dispose([batch.embeddings, batch.labels]);
  });

  const combine = (...args: ConstructorParameters<typeof CombinedLoss>) => {
    const loss = new CombinedLoss(...args);
    made.push(loss);
    return loss;
  };
  const evaluate = async (loss: CombinedLoss, epoch?: number, commit = true) =>
    await lossAndGradients(loss, batch.embeddings, batch.labels, {
      context: epoch === undefined ? {} : { epoch },
      commit,
    });
  const counts = (loss: CombinedLoss) => loss.memory.map((variable) => variable.dataSync()[0]);

  it('adds its parts with their weights', async () => {
    const loss = combine({ a: part(1), b: { loss: part(10), weight: 0.5 } });
    // Each part is factor · slope · Σ embeddings = factor · 2 · 10.
    const result = await evaluate(loss);
    expect(result.loss).toBe(20 + 0.5 * 200);
    // The gradient of an embedding is factor · slope, that of a slope factor · 10.
    expect([...result.embeddings]).toEqual(Array(4).fill(2 + 0.5 * 20));
    expect(result.trainable.map((gradient) => gradient[0])).toEqual([10, 50]);
    expect(counts(loss)).toEqual([2, 2]);
  });

  it('averages over the active parts', async () => {
    const parts = { a: part(1), b: { loss: part(10), weight: 0.5, startEpoch: 2 } };
    const loss = combine(parts, { combination: 'mean' });
    expect((await evaluate(loss, 0)).loss).toBe(20);
    const second = await evaluate(loss, 1);
    expect(second.loss).toBe((20 + 0.5 * 200) / 2);
    expect(second.trainable.map((gradient) => gradient[0])).toEqual([5, 25]);
  });

  it('scores parts from their first to their last epoch, and fills their memory in all epochs', async () => {
    const loss = combine({
      early: { loss: part(1), endEpoch: 2 },
      late: { loss: part(10), startEpoch: 2, endEpoch: 3 },
      always: part(100),
    });
    const losses = [];
    for (const epoch of [0, 1, 2, 3]) losses.push((await evaluate(loss, epoch)).loss);
    expect(losses).toEqual([2020, 2220, 2200, 2000]);
    // Inactive parts observe: every memory has seen 4 batches of 2.
    expect(counts(loss)).toEqual([8, 8, 8]);
    const idle = await evaluate(loss, 3);
    expect(idle.trainable.map((gradient) => gradient[0])).toEqual([0, 0, 1000]);
  });

  it('passes observed batches to its parts', () => {
    const { embeddings, labels } = batch;
    const inner = combine({ a: part(1), b: { loss: part(1), startEpoch: 9 } });
    const step = inner.observe(embeddings, labels);
    expect(counts(inner)).toEqual([0, 0]);
    step.commit();
    step.dispose();
    expect(counts(inner)).toEqual([2, 2]);
    const { numTensors } = tf.memory();
    const bad = tf.tensor1d([0, 7], 'int32');
    expect(() => inner.observe(embeddings, bad)).toThrow(DataError);
    bad.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('changes no state without commit', async () => {
    const loss = combine({ a: part(1), b: { loss: part(1), startEpoch: 9 } });
    await evaluate(loss, 0, false);
    expect(counts(loss)).toEqual([0, 0]);
  });

  it('requires the epoch only if a part starts or ends', async () => {
    const { embeddings, labels } = batch;
    const loss = combine({ a: part(1), b: { loss: part(1), startEpoch: 2 } });
    const { numTensors } = tf.memory();
    expect(() => loss.forward(embeddings, labels)).toThrow(ConfigError);
    expect(() => loss.forward(embeddings, labels)).toThrow(/part 'b' starts at epoch 2/);
    const ending = combine({ a: { loss: part(1), endEpoch: 2 } });
    expect(() => ending.forward(embeddings, labels)).toThrow(/part 'a' ends after epoch 2/);
    expect(() => ending.forward(embeddings, labels, { epoch: 2 })).toThrow(/No part .* is active in epoch 3/);
    // The failed calls leave no tensors; the other 2 are the variables of the second loss.
    expect(tf.memory().numTensors).toBe(numTensors + 2);
    await evaluate(loss, 1);
  });

  it('names its state tensors part.tensor, and restores them', async () => {
    const loss = combine({ a: part(1), b: part(2) });
    const before = loss.getState();
    expect(Object.keys(before)).toEqual(['a.slope', 'a.count', 'b.slope', 'b.count']);
    await evaluate(loss);
    expect(counts(loss)).toEqual([2, 2]);
    loss.setState(before);
    expect(counts(loss)).toEqual([0, 0]);
    tf.dispose(before);
  });

  it.each<[string, (state: tf.NamedTensorMap) => tf.NamedTensorMap, new () => Error, RegExp]>([
    ['a bad shape', (state) => ({ ...state, 'b.slope': tf.ones([2]) }), ShapeError, /'slope' .*\[1\].*\[2\]/],
    [
      'an unknown part',
      (state) => ({ ...state, 'c.slope': tf.ones([1]) }),
      DataError,
      /'c.slope' .* are a, b/,
    ],
    ['an unknown tensor', (state) => ({ ...state, 'b.x': tf.ones([1]) }), DataError, /has slope, count, x/],
    [
      'a name without a part',
      (state) => ({ ...state, slope: tf.ones([1]) }),
      DataError,
      /'slope' belongs to no/,
    ],
    ['a missing part', ({ 'b.slope': _, 'b.count': __, ...rest }) => rest, DataError, /has none/],
  ])('keeps its state if a part rejects %s', (_, change, Kind, message) => {
    const loss = combine({ a: part(1), b: part(2) });
    tf.tidy(() => {
      const state = loss.getState();
      state['a.slope'] = tf.tensor1d([77]);
      const changed = change(state);
      const { numTensors } = tf.memory();
      expect(() => loss.setState(changed)).toThrow(Kind);
      expect(() => loss.setState(changed)).toThrow(message);
      expect(loss.trainable.map((variable) => variable.dataSync()[0])).toEqual([2, 2]);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });

  it('has the threshold of the only part that learns one, or of thresholdFrom', () => {
    const first: LearnedThreshold = { cosine: 0.3, between: 'embeddings' };
    const second: LearnedThreshold = { cosine: 0.2, between: 'embedding and class' };
    expect(combine({ a: part(1), b: part(1) }).threshold()).toBeNull();
    expect(combine({ a: part(1), b: part(1, first) }).threshold()).toEqual(first);
    const both = () => ({ a: part(1, first), b: part(1, second) });
    expect(combine(both(), { thresholdFrom: 'b' }).threshold()).toEqual(second);
    expect(combine({ a: part(1), b: part(1, first) }, { thresholdFrom: 'a' }).threshold()).toBeNull();
    const ambiguous = combine(both());
    expect(() => ambiguous.threshold()).toThrow(ConfigError);
    expect(() => ambiguous.threshold()).toThrow(
      /'a' \(between embeddings\), 'b' \(between embedding and class\).*thresholdFrom/,
    );
  });

  it('reports its options and those of its parts as JSON', () => {
    const loss = combine(
      { a: part(1), b: { loss: part(10), weight: 0.5, startEpoch: 2, endEpoch: 5 } },
      { combination: 'mean', thresholdFrom: 'a' },
    );
    const config = loss.getConfig();
    expect(config).toEqual({
      loss: 'CombinedLoss',
      combination: 'mean',
      thresholdFrom: 'a',
      parts: {
        a: { loss: { loss: 'ScalarLoss', ...tinySizes, factor: 1 } },
        b: {
          loss: { loss: 'ScalarLoss', ...tinySizes, factor: 10 },
          weight: 0.5,
          startEpoch: 2,
          endEpoch: 5,
        },
      },
    });
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it.each<[string, Partial<CombinedPart>, RegExp]>([
    ['a bad weight', { weight: Number.NaN }, /weight of 'a' .* NaN/],
    ['a bad start epoch', { startEpoch: 0 }, /startEpoch of 'a' .* but is 0/],
    ['an end before the start', { startEpoch: 3, endEpoch: 2 }, /endEpoch of 'a' .* from 3, but is 2/],
  ])('rejects %s', (_, options, message) => {
    const loss = part(1);
    expect(() => combine({ a: { loss, ...options } })).toThrow(ConfigError);
    expect(() => combine({ a: { loss, ...options } })).toThrow(message);
    loss.dispose();
  });

  it('rejects no parts, bad names and unknown options', () => {
    const loss = part(1);
    expect(() => combine({})).toThrow(/at least one part/);
    expect(() => combine({ 'a.b': loss })).toThrow(/'a.b' contains a dot/);
    expect(() => combine({ a: loss }, { thresholdFrom: 'b' })).toThrow(/'b', but the parts are a/);
    expect(() => combine({ a: loss }, { combination: 'max' as 'sum' })).toThrow(
      /'sum', 'mean', but is 'max'/,
    );
    loss.dispose();
  });

  it('disposes of its parts and leaks no tensor', async () => {
    const { numTensors } = tf.memory();
    const loss = new CombinedLoss({ a: part(1), b: { loss: part(2), startEpoch: 2 } });
    await evaluate(loss, 0);
    await evaluate(loss, 1);
    loss.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
