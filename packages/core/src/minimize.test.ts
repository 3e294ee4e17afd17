import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
// Unlike tfjs-core, tfjs registers the gradients of the operations in the models below.
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { randomRows } from './__fixtures__/bank-cases.ts';
import { ScalarLoss } from './__fixtures__/scalar-loss.ts';
import { ClassWeightsLoss } from './class-weights-loss.ts';
import { CombinedLoss } from './combined-loss.ts';
import { DataError, MissingKernelError } from './errors.ts';
import { minimize } from './minimize.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

class SoftmaxLoss extends ClassWeightsLoss {
  constructor(seed: number) {
    super(
      'SoftmaxLoss',
      { numClasses: 3, embeddingSize: 3, seed },
      { criterion: softmaxCriterion, scale: 8 },
      null,
    );
  }
}

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];
const read = (scalar: tf.Scalar) => {
  const value = scalar.dataSync()[0]!;
  scalar.dispose();
  return value;
};

/** Returns a linear model `x · kernel` and a batch of 6 samples, the same for every call. */
function linearModel() {
  const inputs = tf.tensor2d(randomRows(6, 4, 51));
  const labels = tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32');
  const kernel = tf.variable(tf.tensor2d(randomRows(4, 3, 52)));
  const embed = () => tf.matMul(inputs, kernel) as tf.Tensor2D;
  const dispose = () => tf.dispose([inputs, labels, kernel]);
  return { kernel, labels, embed, dispose };
}

describeOnBackends('minimize', (backend) => {
  let model: ReturnType<typeof linearModel>;
  beforeEach(() => {
    model = linearModel();
  });
  afterEach(() => {
    model.dispose();
  });

  it('reduces the loss of a repeated batch, and returns the loss before each step', () => {
    const { kernel, labels, embed } = model;
    const loss = new SoftmaxLoss(1);
    const optimizer = tf.train.sgd(0.05);
    const before = tf.tidy(() => loss.forward(embed(), labels).loss.dataSync()[0]!);
    const start = values(kernel);
    const losses = Array.from({ length: 20 }, () => read(minimize(optimizer, loss, embed, labels)));
    expect(losses[0]).toBe(before);
    expect(losses[19]).toBeLessThan(losses[0]! / 2);
    expect(values(kernel)).not.toEqual(start);
    loss.dispose();
    optimizer.dispose();
  });

  it('takes one step down the gradient, then commits', () => {
    const { kernel, labels, embed } = model;
    const loss = new ScalarLoss({ numClasses: 3, embeddingSize: 3 });
    const sum = values(embed()).reduce((total, value) => total + value, 0);
    const optimizer = tf.train.sgd(0.5);
    expect(read(minimize(optimizer, loss, embed, labels))).toBeCloseTo(2 * sum, 4);
    // The loss is slope · Σ embeddings with slope 2: its derivative by the slope is the sum.
    expect(loss.slope.dataSync()[0]).toBeCloseTo(2 - 0.5 * sum, 4);
    expect(values(loss.count)).toEqual([6]);
    // `variables` restricts what is trained.
    const [before, slope] = [values(kernel), values(loss.slope)];
    read(minimize(optimizer, loss, embed, labels, { variables: [kernel] }));
    expect(values(loss.slope)).toEqual(slope);
    expect(values(kernel)).not.toEqual(before);
    loss.dispose();
    optimizer.dispose();
  });

  it('keeps the slots of an optimizer in order when a part starts late', () => {
    const { kernel, labels, embed } = model;
    const start = tf.tidy(() => kernel.clone().arraySync()) as number[][];
    // The late part comes first, so that its variable precedes the other's once it takes part.
    const make = () =>
      new CombinedLoss({ late: { loss: new SoftmaxLoss(1), startEpoch: 3 }, early: new SoftmaxLoss(2) });
    const weights = (loss: CombinedLoss) => [kernel, ...loss.trainable].flatMap(values);

    const loss = make();
    const optimizer = tf.train.momentum(0.05, 0.9);
    for (let epoch = 0; epoch < 5; epoch++)
      read(minimize(optimizer, loss, embed, labels, { context: { epoch } }));
    const result = weights(loss);

    tf.tidy(() => kernel.assign(tf.tensor2d(start)));
    const other = make();
    const [late, early] = other.trainable as [tf.Variable, tf.Variable];
    const fixed = [kernel, early, late];
    const reference = tf.train.momentum(0.05, 0.9);
    for (let epoch = 0; epoch < 5; epoch++) {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => other.forward(embed(), labels, { epoch }).loss);
        reference.applyGradients(
          fixed.map((variable) => ({
            name: variable.name,
            tensor: grads[variable.name] ?? tf.zerosLike(variable),
          })),
        );
      });
    }
    expect(relativeError(weights(other), result)).toBeLessThan(1e-6);
    for (const each of [loss, other, optimizer, reference]) each.dispose();
  });

  it('rejects an optimizer one of whose variables was disposed of', () => {
    const { labels, embed } = model;
    const [first, second] = [new SoftmaxLoss(1), new SoftmaxLoss(2)];
    const optimizer = tf.train.momentum(0.1, 0.9);
    read(minimize(optimizer, first, embed, labels));
    first.dispose();
    expect(() => minimize(optimizer, second, embed, labels)).toThrow(
      /SoftmaxLoss_\d+\/weight.*new optimizer/,
    );
    second.dispose();
    optimizer.dispose();
  });

  it('changes nothing when the loss rejects the batch', () => {
    const { kernel, embed } = model;
    const loss = new ScalarLoss({ numClasses: 3, embeddingSize: 3 });
    const optimizer = tf.train.momentum(0.1, 0.9);
    const bad = tf.tensor1d([0, 1, 2, 3, 0, 0], 'int32');
    const before = [kernel, loss.slope, loss.count].flatMap(values);
    const { numTensors } = tf.memory();
    expect(() => minimize(optimizer, loss, embed, bad)).toThrow(DataError);
    expect([kernel, loss.slope, loss.count].flatMap(values)).toEqual(before);
    expect(tf.memory().numTensors).toBe(numTensors);
    bad.dispose();
    loss.dispose();
    optimizer.dispose();
  });

  it('does not pass the optimizer a gradient for a frozen variable', () => {
    const { kernel, labels, embed } = model;
    const frozen = tf.variable(tf.tensor1d([1, 2]), false);
    const seen: string[] = [];
    const optimizer = tf.train.sgd(0.1);
    const apply = optimizer.applyGradients.bind(optimizer);
    optimizer.applyGradients = (gradients) => {
      const list = gradients as { name: string; tensor: tf.Tensor | null }[];
      seen.push(...list.filter(({ tensor }) => tensor !== null).map(({ name }) => name));
      apply(gradients);
    };
    const loss = new SoftmaxLoss(1);
    const variables = [kernel, frozen, loss.weight] as unknown as tf.Variable[];
    read(minimize(optimizer, loss, embed, labels, { variables }));
    expect(seen).toEqual([kernel.name, loss.weight.name]);
    expect(values(frozen)).toEqual([1, 2]);
    tf.dispose([frozen]);
    loss.dispose();
    optimizer.dispose();
  });

  it('leaves no tensors behind when the commit fails', () => {
    const { labels, embed } = model;
    const loss = new SoftmaxLoss(1);
    const forward = loss.forward.bind(loss);
    loss.forward = (...args) => ({
      ...forward(...args),
      commit: () => {
        throw new RangeError('no room');
      },
    });
    const optimizer = tf.train.sgd(0.1);
    const failing = () => minimize(optimizer, loss, embed, labels);
    expect(failing).toThrow('no room');
    const { numTensors } = tf.memory();
    expect(failing).toThrow('no room');
    expect(tf.memory().numTensors).toBe(numTensors);
    loss.dispose();
    optimizer.dispose();
  });

  it('leaves no tensors behind over 20 steps', () => {
    const { labels, embed } = model;
    const loss = new CombinedLoss({ a: new SoftmaxLoss(1), b: new SoftmaxLoss(2) }, { combination: 'mean' });
    const optimizer = tf.train.adam(0.01);
    read(minimize(optimizer, loss, embed, labels));
    const { numTensors, numDataBuffers } = tf.memory();
    for (let step = 0; step < 20; step++) read(minimize(optimizer, loss, embed, labels));
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    loss.dispose();
    optimizer.dispose();
  });

  it('names the package that adds a missing kernel', () => {
    const images = tf.ones([2, 4, 4, 1]) as tf.Tensor4D;
    const filter = tf.variable(tf.ones([4, 4, 1, 3]) as tf.Tensor4D);
    const labels = tf.tensor1d([0, 1], 'int32');
    const loss = new SoftmaxLoss(1);
    const optimizer = tf.train.sgd(0.1);
    const before = [filter, loss.weight].flatMap(values);
    const { numTensors } = tf.memory();
    const embed = () => tf.reshape(tf.conv2d(images, filter, 1, 'valid'), [2, 3]) as tf.Tensor2D;
    const step = () => read(minimize(optimizer, loss, embed, labels));
    if (backend === 'wasm') {
      expect(step).toThrow(MissingKernelError);
      expect(step).toThrow(/'wasm' has no kernel 'Conv2DBackpropFilter': .*@openset\/wasm-kernels/);
      expect([filter, loss.weight].flatMap(values)).toEqual(before);
    } else {
      expect(step()).toBeGreaterThan(0);
      expect([filter, loss.weight].flatMap(values)).not.toEqual(before);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose([images, filter, labels]);
    loss.dispose();
    optimizer.dispose();
  });

  it('suggests a remedy on other backends than wasm, and rethrows other errors', () => {
    const loss = new ScalarLoss({ numClasses: 3, embeddingSize: 3 });
    const optimizer = tf.train.sgd(0.1);
    const failing = (error: Error) => () =>
      minimize(
        optimizer,
        loss,
        () => {
          throw error;
        },
        model.labels,
      );
    const missing = new Error("Kernel 'Erf' not registered for backend 'webgl'");
    expect(failing(missing)).toThrow(/'webgl' has no kernel 'Erf': use another backend/);
    expect(failing(missing)).toThrow(expect.objectContaining({ cause: missing }));
    const bug = new TypeError('a bug');
    expect(failing(bug)).toThrow(bug);
    loss.dispose();
    optimizer.dispose();
  });
});
