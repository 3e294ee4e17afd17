import { DataError, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { AdamW } from './adamw.ts';
import { Sgd } from './sgd.ts';
import type { TrainingOptimizer } from './training-optimizer.ts';

const start = [1, -2, 0.5];

describeOnBackends('anchors of weight decay', () => {
  let variable: tf.Variable;
  let optimizer: TrainingOptimizer;
  const values = () => [...variable.dataSync()];
  const apply = (gradient: number[]) => {
    const tensor = tf.tensor1d(gradient);
    optimizer.applyGradients({ [variable.name]: tensor });
    tensor.dispose();
  };
  const expectValues = (expected: number[]) => {
    for (const [index, value] of values().entries()) expect(value).toBeCloseTo(expected[index]!, 6);
  };
  beforeEach(() => {
    variable = tf.variable(tf.tensor1d(start));
  });
  afterEach(() => {
    variable.dispose();
    optimizer.dispose();
  });

  it('pull by λ (p − start) with SGD', () => {
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5 });
    optimizer.anchor([variable]);
    // At the start there is nothing to pull: p = start − 0.1 · g.
    apply([1, 1, 1]);
    expectValues([0.9, -2.1, 0.4]);
    // p − start = −0.1: p ← p − 0.1 · 0.5 · (−0.1).
    apply([0, 0, 0]);
    expectValues([0.905, -2.095, 0.405]);
  });

  it('pull through the momentum of SGD', () => {
    optimizer = new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.5 });
    optimizer.anchor([variable]);
    apply([1, 1, 1]);
    // v = 0.9 · 1 + 0.5 · (−0.1) = 0.85.
    apply([0, 0, 0]);
    expectValues([0.815, -2.185, 0.315]);
  });

  it('pull by learning rate · λ (p − start) with AdamW', () => {
    optimizer = new AdamW({ learningRate: 0.1, weightDecay: 0.5 });
    optimizer.anchor([variable]);
    // The first step of Adam is the learning rate times the sign of the gradient.
    apply([1, 1, 1]);
    expectValues([0.9, -2.1, 0.4]);
    // m = 0.09, v = 0.000999; corrected 0.09 / 0.19 and √(0.000999 / 0.001999): a step of 0.1 · 0.473684 / 0.706930.
    apply([0, 0, 0]);
    expectValues([0.9, -2.1, 0.4].map((value) => value + 0.1 * 0.5 * 0.1 - 0.0670058));
  });

  it('do not act on other variables, or without weight decay', () => {
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5 });
    apply([0, 0, 0]);
    expectValues([0.95, -1.9, 0.475]);
    optimizer.dispose();
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay: () => true });
    optimizer.anchor([variable]);
    variable.assign(tf.tidy(() => tf.tensor1d([5, 5, 5])));
    apply([0, 0, 0]);
    expectValues([5, 5, 5]);
  });

  it('are in the state: a resumed run keeps its start, not the weights it resumes with', () => {
    const make = () => new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.5 });
    optimizer = make();
    optimizer.anchor([variable]);
    for (let step = 0; step < 3; step++) apply([1, -1, 2]);
    const state = optimizer.getState({ 'backbone.0': variable });
    expect(Object.keys(state).sort()).toEqual(['backbone.0.start', 'backbone.0.step', 'backbone.0.velocity']);
    expect([...(state['backbone.0.start'] as tf.Tensor).dataSync()]).toEqual(start);
    const before = values();
    apply([1, -1, 2]);
    const expected = values();
    variable.assign(tf.tidy(() => tf.tensor1d(before)));
    optimizer.dispose();
    optimizer = make();
    optimizer.anchor([variable]);
    optimizer.setState(state, { 'backbone.0': variable });
    apply([1, -1, 2]);
    expect(values()).toEqual(expected);
    tf.dispose(state);
  });

  it('must be the same in a state', () => {
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5 });
    const named = { 'backbone.0': variable };
    apply([1, 1, 1]);
    const without = optimizer.getState(named);
    optimizer.anchor([variable]);
    const state = optimizer.getState(named);
    expect(() => optimizer.setState(without, named)).toThrow(/lacks backbone.0.start.*did not anchor/);
    const short = { ...state, 'backbone.0.start': tf.zeros([2]) };
    expect(() => optimizer.setState(short, named)).toThrow(ShapeError);
    const plain = new Sgd({ learningRate: 0.1, weightDecay: 0.5 });
    expect(() => plain.setState(state, named)).toThrow(DataError);
    plain.dispose();
    tf.dispose([without, state, short]);
  });

  it('leak nothing', () => {
    const before = tf.memory().numTensors;
    optimizer = new AdamW({ learningRate: 0.1 });
    optimizer.anchor([variable]);
    optimizer.anchor([variable]);
    expect(optimizer.anchoredSize).toBe(3);
    for (let step = 0; step < 5; step++) apply([1, 1, 1]);
    const state = optimizer.getState({ a: variable });
    optimizer.setState(state, { a: variable });
    tf.dispose(state);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('survive a stop: a resumed run reaches the same bits', async () => {
    const parts = () => {
      const made = tinyParts({ seed: 3 }, new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.3 }));
      made.optimizer.anchor(made.backbone.trainable);
      return made;
    };
    const whole = await tinyRun({ epochs: 3 }, { parts: parts() });
    const plain = await tinyRun(
      { epochs: 3 },
      { parts: tinyParts({ seed: 3 }, new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.3 })) },
    );
    expect(whole.state).not.toMatchObject(plain.state);
    const store = new MemoryCheckpoints();
    const checkpoints = { store, everySteps: 2 };
    await tinyRun({ epochs: 3, checkpoints }, { parts: parts(), until: ({ step }) => step === 5 });
    const resumed = await tinyRun({ epochs: 3, checkpoints }, { parts: parts() });
    expect(resumed.state).toEqual(whole.state);
    optimizer = new Sgd({ learningRate: 0.1 });
  });
});
