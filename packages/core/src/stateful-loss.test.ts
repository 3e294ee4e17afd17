import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScalarLoss, tinyBatch, tinySizes } from './__fixtures__/scalar-loss.ts';
import { ConfigError, DataError, ShapeError } from './errors.ts';
import { makeStateStep, makeStep } from './stateful-loss.ts';

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];

describeOnBackends('StatefulLoss', () => {
  let loss: ScalarLoss;
  let batch: ReturnType<typeof tinyBatch>;
  beforeEach(() => {
    loss = new ScalarLoss(tinySizes);
    batch = tinyBatch();
  });
  afterEach(() => {
    loss.dispose();
    tf.dispose([batch.embeddings, batch.labels]);
  });

  function runStep({ commit }: { commit: boolean }): number {
    const step = loss.forward(batch.embeddings, batch.labels);
    const value = step.loss.dataSync()[0]!;
    if (commit) step.commit();
    step.dispose();
    return value;
  }

  it('reports its options and variables', () => {
    expect(loss.getConfig()).toEqual({ loss: 'ScalarLoss', ...tinySizes });
    expect(loss.trainable).toEqual([loss.slope]);
    expect(loss.memory).toEqual([loss.count]);
    expect([loss.slope.trainable, loss.count.trainable]).toEqual([true, false]);
    const config: Record<string, unknown> = loss.getConfig();
    config.numClasses = 99;
    expect(loss.getConfig().numClasses).toBe(3);
  });

  it('names the variables of each instance differently', () => {
    const other = new ScalarLoss(tinySizes);
    const names = [...loss.trainable, ...loss.memory, ...other.trainable, ...other.memory].map(
      ({ name }) => name,
    );
    expect(new Set(names).size).toBe(4);
    other.dispose();
  });

  it('avoids the names of variables that another copy of the module has made', () => {
    const [prefix, number] = loss.slope.name.split(/[_/]/) as [string, string];
    const foreign = tf.variable(tf.scalar(1), true, `${prefix}_${Number(number) + 1}/slope`);
    const next = new ScalarLoss(tinySizes);
    expect(next.slope.name).toBe(`${prefix}_${Number(number) + 2}/slope`);
    tf.dispose([foreign]);
    next.dispose();
  });

  it('changes its state only in commit', () => {
    expect(runStep({ commit: false })).toBe(20);
    expect(values(loss.count)).toEqual([0]);
    expect(runStep({ commit: true })).toBe(20);
    expect(values(loss.count)).toEqual([2]);
  });

  it('returns snapshots that do not change, and restores them', () => {
    runStep({ commit: true });
    const before = loss.getState();
    expect(Object.keys(before)).toEqual(['slope', 'count']);
    runStep({ commit: true });
    tf.tidy(() => loss.slope.assign(tf.tensor1d([7])));
    expect([values(before.slope!), values(before.count!)]).toEqual([[2], [2]]);
    loss.setState(before);
    expect([values(loss.slope), values(loss.count)]).toEqual([[2], [2]]);
    // Later changes of the loss do not affect the snapshot, and disposing of the snapshot does not affect the loss.
    tf.tidy(() => loss.slope.assign(tf.tensor1d([8])));
    expect(values(before.slope!)).toEqual([2]);
    tf.dispose(before);
    expect([values(loss.slope), values(loss.count)]).toEqual([[8], [2]]);
  });

  it.each<[string, () => tf.NamedTensorMap, new () => Error, RegExp]>([
    ['a missing tensor', () => ({ slope: tf.tensor1d([5]) }), DataError, /slope, count, but has slope\./],
    [
      'an unknown tensor',
      () => ({ slope: tf.tensor1d([5]), count: tf.tensor1d([5], 'int32'), weight: tf.scalar(1) }),
      DataError,
      /has slope, count, weight/,
    ],
    ['nothing', () => ({}), DataError, /has none/],
    [
      'the wrong shape',
      () => ({ slope: tf.tensor1d([5]), count: tf.tensor1d([5, 6], 'int32') }),
      ShapeError,
      /'count' must be int32 \[1\], but is int32 \[2\]/,
    ],
    [
      'the wrong type',
      () => ({ slope: tf.tensor1d([5]), count: tf.tensor1d([5]) }),
      ShapeError,
      /'count' must be int32 \[1\], but is float32 \[1\]/,
    ],
  ])('rejects %s and keeps its state', (_, makeState, Kind, message) => {
    const state = makeState();
    const { numTensors } = tf.memory();
    expect(() => loss.setState(state)).toThrow(Kind);
    expect(() => loss.setState(state)).toThrow(message);
    expect([values(loss.slope), values(loss.count)]).toEqual([[2], [0]]);
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose(state);
  });

  it('checks each batch', () => {
    const { embeddings, labels } = batch;
    tf.tidy(() => {
      expect(() => loss.forward(tf.ones([2, 3]), labels)).toThrow(ShapeError);
      expect(() => loss.forward(embeddings, tf.tensor1d([0, 3], 'int32'))).toThrow(DataError);
      expect(() => loss.forward(tf.tensor2d([[Number.NaN, 0]]), tf.tensor1d([0], 'int32'))).toThrow(
        /\[0\]\[0\]/,
      );
      const soft = tf.ones([2, 3]) as unknown as tf.Tensor1D;
      expect(() => loss.forward(embeddings, soft)).toThrow(/ScalarLoss needs labels \[batch\].*\[2, 3\]/);
      const unchecked = tf.tensor2d([[Number.NaN, 0]]);
      const step = loss.forward(unchecked, tf.tensor1d([9], 'int32'), { checkValues: false });
      expect(step.loss.dataSync()[0]).toBeNaN();
      step.dispose();
    });
  });

  it.each([
    [{ numClasses: 0, embeddingSize: 2 }, /ScalarLoss: numClasses .* from 1, but is 0/],
    [{ numClasses: 2.5, embeddingSize: 2 }, /numClasses .* but is 2.5/],
    [{ numClasses: 2, embeddingSize: 0 }, /ScalarLoss: embeddingSize .* but is 0/],
  ])('rejects sizes %o', (sizes, message) => {
    const { numTensors } = tf.memory();
    expect(() => new ScalarLoss(sizes)).toThrow(ConfigError);
    expect(() => new ScalarLoss(sizes)).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('frees its variables once, and cannot be used afterwards', () => {
    const other = new ScalarLoss(tinySizes);
    const { numTensors } = tf.memory();
    other.dispose();
    other.dispose();
    expect(tf.memory().numTensors).toBe(numTensors - 2);
    const use = () => other.forward(batch.embeddings, batch.labels);
    expect(use).toThrow(ConfigError);
    expect(use).toThrow('This ScalarLoss was disposed of; make a new one.');
    expect(() => other.getState()).toThrow(ConfigError);
    expect(() => other.setState({})).toThrow(ConfigError);
  });

  it('leaks no tensor', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    runStep({ commit: true });
    runStep({ commit: false });
    const state = loss.getState();
    loss.setState(state);
    tf.dispose(state);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });
});

describeOnBackends('makeStep', () => {
  it('can be committed once, before it is disposed of', () => {
    let commits = 0;
    const make = () => makeStep(() => ({ loss: tf.scalar(1), commit: () => commits++ }));
    const step = make();
    step.commit();
    expect(() => step.commit()).toThrow(ConfigError);
    step.dispose();
    step.dispose();
    const unused = make();
    unused.dispose();
    expect(() => unused.commit()).toThrow(/committed once/);
    expect(commits).toBe(1);
  });

  it('keeps its loss and held tensors when the tape ends, and frees them on dispose', () => {
    const x = tf.variable(tf.tensor1d([3]));
    const { numTensors } = tf.memory();
    const held: number[] = [];
    let step: ReturnType<typeof makeStep> | undefined;
    const { value, grads } = tf.variableGrads(() => {
      step = makeStep((hold) => {
        const square = hold(tf.square(x));
        const loss = tf.customGrad<tf.Scalar>(() => ({
          value: tf.reshape(tf.square(x), []) as tf.Scalar,
          gradFunc: (dy) => tf.mul(dy, tf.mul(x, 2)),
        }))(x);
        return { loss, commit: () => held.push(...square.dataSync()) };
      });
      return step.loss;
    });
    expect(values(value)).toEqual([9]);
    expect(values(grads[x.name]!)).toEqual([6]);
    expect(values(step!.loss)).toEqual([9]);
    step!.commit();
    expect(held).toEqual([9]);
    step!.dispose();
    expect(value.isDisposed).toBe(true);
    tf.dispose(grads);
    expect(tf.memory().numTensors).toBe(numTensors);
    x.dispose();
  });

  it('frees what it held when the computation fails', () => {
    const { numTensors } = tf.memory();
    const make = () =>
      makeStep((hold) => {
        hold(tf.scalar(1));
        throw new Error('no loss today');
      });
    expect(make).toThrow('no loss today');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('runs the actions of its parts in commit, before its own', () => {
    const actions: string[] = [];
    const step = makeStep((hold) => {
      hold.onCommit(() => actions.push('first'));
      hold.onCommit(() => actions.push('second'));
      return { loss: tf.scalar(1), commit: () => actions.push('own') };
    });
    expect(actions).toEqual([]);
    step.commit();
    expect(actions).toEqual(['first', 'second', 'own']);
    step.dispose();
  });

  it('frees tensors created in commit', () => {
    const { numTensors } = tf.memory();
    const step = makeStep(() => ({ loss: tf.scalar(1), commit: () => void tf.ones([3]) }));
    step.commit();
    step.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describeOnBackends('makeStateStep', () => {
  it('keeps held tensors when a tidy ends, can be committed once, and frees them on dispose', () => {
    const { numTensors } = tf.memory();
    const seen: number[] = [];
    let step: ReturnType<typeof makeStateStep> | undefined;
    tf.tidy(() => {
      step = makeStateStep((hold) => {
        const square = hold(tf.square(3));
        return () => seen.push(...values(square));
      });
    });
    expect(seen).toEqual([]);
    step?.commit();
    expect(seen).toEqual([9]);
    expect(() => step?.commit()).toThrow(/committed once/);
    step?.dispose();
    step?.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('frees what it held when the computation fails', () => {
    const { numTensors } = tf.memory();
    const make = () =>
      makeStateStep((hold) => {
        hold(tf.scalar(1));
        throw new Error('no step today');
      });
    expect(make).toThrow('no step today');
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
