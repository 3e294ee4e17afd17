import { ConfigError, DataError, minimize, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
// Unlike tfjs-core, tfjs registers the gradients that the plain tfjs case needs.
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountingLoss } from '../__fixtures__/counting-loss.ts';
import { AdamW } from './adamw.ts';
import { Sgd } from './sgd.ts';
import type { TrainingOptimizer } from './training-optimizer.ts';

// Three steps with the gradients (0.1, −0.2, 0.3) · t, by torch 2.13:
//
//   p = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))
//   o = torch.optim.SGD([p], lr=.1, momentum=.9, weight_decay=5e-4)      # and the others below
//   for t in range(3):
//       p.grad = torch.tensor([0.1, -0.2, 0.3]) * (t + 1)
//       o.step()
//       print([f"{x:.8f}" for x in p.detach().tolist()])
const cases: readonly [string, () => TrainingOptimizer, number[][]][] = [
  [
    'SGD(lr=.1)',
    () => new Sgd({ learningRate: 0.1 }),
    [
      [0.99000001, -1.98000002, 0.47],
      [0.97000003, -1.94000006, 0.41],
      [0.94, -1.88, 0.31999999],
    ],
  ],
  [
    'SGD(lr=.1, momentum=.9, weight_decay=5e-4)',
    () => new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }),
    [
      [0.98995, -1.9799, 0.46997499],
      [0.96085548, -1.92171097, 0.382929],
      [0.90462238, -1.80924475, 0.21456845],
    ],
  ],
  [
    'SGD(lr=.1, momentum=.9, weight_decay=5e-4, nesterov=True)',
    () => new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true }),
    [
      [0.980905, -1.96180999, 0.44295248],
      [0.93467128, -1.86934257, 0.30459014],
      [0.8540163, -1.70803261, 0.06305502],
    ],
  ],
  [
    'AdamW(lr=.01)',
    () => new AdamW({ learningRate: 0.01 }),
    [
      [0.98989999, -1.98979998, 0.48995],
      [0.98014915, -1.97994924, 0.4802492],
      [0.97047108, -1.97017121, 0.47062114],
    ],
  ],
  [
    'AdamW(lr=.1, betas=(.8, .95), eps=1e-3, weight_decay=.5)',
    () => new AdamW({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.5 }),
    [
      [0.85099006, -1.80049753, 0.37533221],
      [0.71141571, -1.61314416, 0.2591356],
      [0.57830614, -1.43472612, 0.1483438],
    ],
  ],
];

const start = [1, -2, 0.5];
const gradient = (step: number) => tf.mul(tf.tensor1d([0.1, -0.2, 0.3]), step + 1);

function apply(optimizer: TrainingOptimizer, variable: tf.Variable, value: tf.Tensor) {
  optimizer.applyGradients({ [variable.name]: value });
  value.dispose();
}

describeOnBackends('optimizers', () => {
  let variable: tf.Variable;
  let optimizer: TrainingOptimizer;
  const values = () => [...variable.dataSync()];
  const step = (index: number) =>
    apply(
      optimizer,
      variable,
      tf.tidy(() => gradient(index)),
    );
  beforeEach(() => {
    variable = tf.variable(tf.tensor1d(start), true, 'group_7/kernel');
    optimizer = new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 });
  });
  afterEach(() => {
    variable.dispose();
    optimizer.dispose();
  });

  describe.each(cases)('torch.optim.%s', (_, make, expected) => {
    it('updates a parameter like PyTorch', () => {
      optimizer = make();
      for (const [index, row] of expected.entries()) {
        step(index);
        for (const [place, value] of row.entries()) expect(values()[place]).toBeCloseTo(value, 6);
      }
    });

    it('resumes from its state, bit for bit, under any name of the variable', () => {
      optimizer = make();
      for (let index = 0; index < 2; index++) step(index);
      const state = optimizer.getState({ 'backbone.0': variable });
      const copy = tf.variable(tf.tensor1d(values())) as tf.Variable;
      const resumed = make();
      resumed.setState(state, { 'backbone.0': copy });
      step(2);
      apply(
        resumed,
        copy,
        tf.tidy(() => gradient(2)),
      );
      expect([...copy.dataSync()]).toEqual(values());
      resumed.dispose();
      tf.dispose([state, copy]);
    });

    it('leaks nothing', () => {
      optimizer = make();
      step(0);
      const { numTensors, numBytes } = tf.memory();
      for (let index = 1; index < 50; index++) step(index);
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
      optimizer.dispose();
      expect(tf.memory().numTensors).toBe(numTensors - optimizer.slotNames.length);
    });
  });

  it('does not overwrite shared memory: two variables with one gradient', () => {
    const other = tf.variable(tf.tensor1d(start)) as tf.Variable;
    const shared = tf.tidy(() => gradient(0));
    const second = tf.clone(shared);
    optimizer.applyGradients({ [variable.name]: shared, [other.name]: second });
    expect([...other.dataSync()]).toEqual(values());
    tf.dispose([shared, second, other]);
  });

  it('does not change a variable without a gradient', () => {
    const other = tf.variable(tf.tensor1d(start)) as tf.Variable;
    step(0);
    expect([...other.dataSync()]).toEqual(start);
    apply(optimizer, other, tf.zeros([3]));
    // With a zero gradient, weight decay still acts: 1 − 0.1 · 0.01.
    expect(other.dataSync()[0]).toBeCloseTo(0.999, 6);
    other.dispose();
  });

  it.each([
    ['a name', ['group_7/kernel']],
    ['the end of a name', ['bias', 'kernel']],
    ['a function', ({ rank }: tf.Variable) => rank === 1],
  ])('excludes variables from weight decay by %s', (_, excludeFromWeightDecay) => {
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay });
    apply(optimizer, variable, tf.zeros([3]));
    expect(values()).toEqual(start);
    optimizer = new AdamW({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay });
    apply(optimizer, variable, tf.zeros([3]));
    expect(values()).toEqual(start);
  });

  it('excludes variables of the second network in a process, whose names tfjs-layers numbers', () => {
    const second = tf.variable(tf.tensor1d([1, 2]), true, 'conv1/kernel_1');
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay: ['kernel'] });
    apply(optimizer, second, tf.zeros([2]));
    expect([...second.dataSync()]).toEqual([1, 2]);
    second.dispose();
  });

  it('matches the end of a name only after a slash', () => {
    optimizer = new Sgd({ learningRate: 0.1, weightDecay: 0.5, excludeFromWeightDecay: ['nel', '7/kernel'] });
    apply(optimizer, variable, tf.zeros([3]));
    expect(values()[0]).toBeCloseTo(0.95, 6);
  });

  it('applies a new learning rate immediately: the velocity does not include the old one', () => {
    optimizer = new Sgd({ learningRate: 0.1, momentum: 0.9 });
    apply(optimizer, variable, tf.tensor1d([1, 1, 1]));
    optimizer.learningRate = 0.01;
    apply(optimizer, variable, tf.tensor1d([0, 0, 0]));
    expect(values()[0]).toBeCloseTo(1 - 0.1 - 0.01 * 0.9, 6);
  });

  it('works in core’s minimize and like any tfjs optimizer', () => {
    const loss = new CountingLoss({ numClasses: 3, embeddingSize: 3 });
    const embeddings = tf.variable(tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3])) as tf.Variable;
    const labels = tf.tensor1d([0, 1], 'int32');
    const train = () => {
      const value = minimize(optimizer, loss, () => embeddings as unknown as tf.Tensor2D, labels);
      const [number] = value.dataSync();
      value.dispose();
      return number as number;
    };
    const losses = Array.from({ length: 20 }, train);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    tf.dispose([embeddings, labels]);
    loss.dispose();

    const cost = () => tf.sum(tf.square(variable)) as tf.Scalar;
    for (let index = 0; index < 40; index++) optimizer.minimize(cost, false, [variable]);
    expect(cost().dataSync()[0]).toBeLessThan(0.2);
    expect(optimizer.iterations).toBe(60);
    expect(optimizer.getClassName()).toBe('Sgd');
  });

  it('applies no gradient if one is invalid', () => {
    const bad = tf.zeros([2]);
    const good = tf.ones([3]);
    const both = (name: string) => [
      { name: variable.name, tensor: good },
      { name, tensor: bad },
    ];
    const other = tf.variable(tf.tensor1d(start)) as tf.Variable;
    expect(() => optimizer.applyGradients(both(other.name))).toThrow(ShapeError);
    expect(() => optimizer.applyGradients(both('nobody'))).toThrow(ConfigError);
    expect(values()).toEqual(start);
    tf.dispose([bad, good, other]);
  });

  it('rejects the state of other variables and keeps its own', () => {
    step(0);
    const variables = { 'loss.0': variable };
    const state = optimizer.getState(variables);
    expect(Object.keys(state)).toEqual(['loss.0.step', 'loss.0.velocity']);
    const { 'loss.0.step': stepCount, 'loss.0.velocity': velocity } = state as Record<string, tf.Tensor>;
    expect(() => optimizer.setState({ 'loss.0.step': stepCount! }, variables)).toThrow(
      /lacks loss.0.velocity/,
    );
    expect(() => optimizer.setState({ ...state, 'loss.1.velocity': velocity! }, variables)).toThrow(
      DataError,
    );
    const short = { ...state, 'loss.0.velocity': tf.slice(velocity!, 0, 2) };
    expect(() => optimizer.setState(short, variables)).toThrow(ShapeError);
    const same = optimizer.getState(variables);
    expect([...same['loss.0.velocity']!.dataSync()]).toEqual([...velocity!.dataSync()]);
    tf.dispose([state, short, same]);
  });
});

describe('options of optimizers', () => {
  it.each([
    () => new Sgd({ learningRate: -1 }),
    () => new Sgd({ learningRate: 0.1, momentum: Number.NaN }),
    () => new Sgd({ learningRate: 0.1, nesterov: true }),
    () => new AdamW({ learningRate: 0.1, weightDecay: -1 }),
    () => new AdamW({ learningRate: 0.1, beta1: 1 }),
    () => new AdamW({ learningRate: Number.POSITIVE_INFINITY }),
  ])('are checked', (make) => {
    expect(make).toThrow(ConfigError);
  });
});
