import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScalarLoss, tinyBatch, tinySizes } from './__fixtures__/scalar-loss.ts';
import { ConfigError, DataError, MissingKernelError } from './errors.ts';
import { type LossGradientsOptions, lossGradients } from './loss-gradients.ts';

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];

describeOnBackends('lossGradients', (backend) => {
  let loss: ScalarLoss;
  let kernel: tf.Variable;
  let batch: ReturnType<typeof tinyBatch>;
  /** Scales the two columns of the batch. */
  const embed = () => tf.mul(batch.embeddings, kernel) as tf.Tensor2D;
  const gradients = (options?: LossGradientsOptions) => {
    const result = lossGradients(loss, embed, batch.labels, options);
    const byName = Object.fromEntries([...result.gradients].map(([{ name }, each]) => [name, values(each)]));
    result.step.dispose();
    tf.dispose([result.value, ...result.gradients.values()]);
    return byName;
  };

  beforeEach(() => {
    loss = new ScalarLoss(tinySizes);
    batch = tinyBatch();
    kernel = tf.variable(tf.tensor1d([1, 10]));
  });
  afterEach(() => {
    loss.dispose();
    tf.dispose([batch.embeddings, batch.labels, kernel]);
  });

  it('returns the loss and its gradients, and changes nothing until the step is committed', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    const { value, gradients, step } = lossGradients(loss, embed, batch.labels);
    // Embeddings [1, 20], [3, 40] sum up to 64; the slope is 2.
    expect(values(value)).toEqual([128]);
    expect(values(step.loss)).toEqual([128]);
    expect([...gradients.keys()]).toEqual(expect.arrayContaining([kernel, loss.slope]));
    expect(values(gradients.get(loss.slope)!)).toEqual([64]);
    // Slope times the column sums 4 and 6
    expect(values(gradients.get(kernel)!)).toEqual([8, 12]);
    expect([values(kernel), values(loss.slope), values(loss.count)]).toEqual([[1, 10], [2], [0]]);
    step.commit();
    expect(values(loss.count)).toEqual([2]);
    step.dispose();
    expect(values(value)).toEqual([128]);
    tf.dispose([value, ...gradients.values()]);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  it('passes the context on', () => {
    const forward = loss.forward.bind(loss);
    const contexts: unknown[] = [];
    loss.forward = (embeddings, labels, context) => {
      contexts.push(context);
      return forward(embeddings, labels, context);
    };
    gradients({ context: { epoch: 3 } });
    gradients();
    expect(contexts).toEqual([{ epoch: 3 }, undefined]);
  });

  it('calls afterForward once, after the loss and before the backward pass', () => {
    const calls: string[] = [];
    const forward = loss.forward.bind(loss);
    loss.forward = (...inputs) => {
      calls.push('loss');
      return forward(...inputs);
    };
    const traced = tf.customGrad((x) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: (dy) => {
        calls.push('backward');
        return dy as tf.Tensor;
      },
    }));
    const afterForward = () => calls.push('afterForward');
    const embed = () => traced(tf.mul(batch.embeddings, kernel)) as tf.Tensor2D;
    const result = lossGradients(loss, embed, batch.labels, { afterForward });
    expect(calls).toEqual(['loss', 'afterForward', 'backward']);
    result.step.dispose();
    tf.dispose([result.value, ...result.gradients.values()]);
  });

  it('differentiates by the given variables', () => {
    expect(gradients({ variables: [kernel] })).toEqual({ [kernel.name]: [8, 12] });
  });

  it('has no gradient for frozen and for unused variables', () => {
    const unused = tf.variable(tf.scalar(1));
    loss.slope.trainable = false;
    const expected = { [kernel.name]: [8, 12] };
    expect(gradients()).toEqual(expected);
    expect(gradients({ variables: [kernel, loss.slope, unused] })).toEqual(expected);
    unused.dispose();
  });

  it('gives each variable a tensor of its own', () => {
    const [a, b] = [tf.variable(tf.scalar(3)), tf.variable(tf.scalar(4))];
    const sum = tf.customGrad((x, y) => ({
      value: tf.add(x as tf.Tensor, y as tf.Tensor),
      gradFunc: (dy) => [dy, dy],
    }));
    const scaled = () => tf.mul(batch.embeddings, sum(a, b)) as tf.Tensor2D;
    const result = lossGradients(loss, scaled, batch.labels, { variables: [a, b] });
    result.gradients.get(a)!.dispose();
    // Slope 2 times the sum 10 of the embeddings
    expect(values(result.gradients.get(b)!)).toEqual([20]);
    result.step.dispose();
    tf.dispose([result.value, ...result.gradients.values(), a, b]);
  });

  it.each(['epoch', 'checkValues'])('rejects a bare context: %s', (key) => {
    const bare = { [key]: 0 } as LossGradientsOptions;
    expect(() => gradients(bare)).toThrow(ConfigError);
    expect(() => gradients(bare)).toThrow(
      `Unknown option '${key}' of minimize or lossGradients; the options are blockOptimizer, context, variables, afterForward. ` +
        `Pass { context: { ${key} } }.`,
    );
  });

  it('rejects other unknown options', () => {
    expect(() => gradients({ variable: [] } as LossGradientsOptions)).toThrow(
      /'variable' .* afterForward\.$/,
    );
  });

  it('rejects a step without trainable variables', () => {
    const other = tf.variable(tf.scalar(1));
    const { numTensors } = tf.memory();
    const message = /^Neither embed nor the loss uses a trainable variable/;
    expect(() => gradients({ variables: [other] })).toThrow(ConfigError);
    expect(() => gradients({ variables: [other] })).toThrow(message);
    loss.slope.trainable = false;
    expect(() => gradients({ variables: [loss.slope] })).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
    other.dispose();
  });

  it('leaves no tensors behind when embed fails, the loss rejects the batch, or a gradient fails', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    const bug = new TypeError('a bug');
    const failing = () => {
      embed();
      throw bug;
    };
    expect(() => lossGradients(loss, failing, batch.labels)).toThrow(bug);
    const wrong = tf.tensor1d([0, 3], 'int32');
    expect(() => lossGradients(loss, embed, wrong)).toThrow(DataError);
    wrong.dispose();
    const broken = () =>
      tf.customGrad((x) => ({
        value: tf.square(x as tf.Tensor),
        gradFunc: () => {
          throw bug;
        },
      }))(embed()) as tf.Tensor2D;
    expect(() => lossGradients(loss, broken, batch.labels)).toThrow(bug);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    expect(gradients()[kernel.name]).toEqual([8, 12]);
  });

  it('explains a missing kernel, in the commit too', () => {
    const missing = new Error(`Kernel 'Erf' not registered for backend '${backend}'`);
    const forward = loss.forward.bind(loss);
    loss.forward = (...args) => ({
      ...forward(...args),
      commit: () => {
        throw missing;
      },
    });
    const { value, gradients, step } = lossGradients(loss, embed, batch.labels);
    expect(() => step.commit()).toThrow(MissingKernelError);
    expect(() => step.commit()).toThrow(expect.objectContaining({ cause: missing }));
    step.dispose();
    tf.dispose([value, ...gradients.values()]);
  });

  it('leaks nothing in a loop that accumulates', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    for (let count = 0; count < 20; count++) gradients();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });
});
