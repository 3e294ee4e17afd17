import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { lossAndGradients, relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { randomCase, tensorsOf } from './__fixtures__/bank-cases.ts';
import { referenceGradients, referenceLoss } from './__fixtures__/reference.ts';
import type { BankOptions } from './bank-options.ts';
import { ClassWeightsLoss } from './class-weights-loss.ts';
import { ConfigError } from './errors.ts';
import type { BankLossOptions } from './stateful-loss.ts';

class PlainLoss extends ClassWeightsLoss {
  constructor(options: BankLossOptions, bankOptions: BankOptions, bias: (() => tf.Tensor1D) | null = null) {
    super('PlainLoss', options, bankOptions, bias);
  }
}

const sizes = { numClasses: 7, embeddingSize: 5 };
const spreadOf = (tensor: tf.Tensor) => {
  const values = [...tensor.dataSync()] as number[];
  const squares = values.reduce((sum, value) => sum + value ** 2, 0);
  return { deviation: Math.sqrt(squares / values.length), largest: Math.max(...values.map(Math.abs)) };
};

describeOnBackends('ClassWeightsLoss', () => {
  it('initialises its weights as the papers do', () => {
    const large = { numClasses: 100, embeddingSize: 256 };
    const cosine = new PlainLoss(large, { criterion: 'softmax' });
    const dot = new PlainLoss(large, { criterion: 'softmax', similarity: 'dot' });
    // N(0, 1/256) has the deviation 1/16, and values beyond it. U(±1/16) has 1/16/√3, and no value beyond 1/16.
    const [normal, uniform] = [spreadOf(cosine.weight), spreadOf(dot.weight)];
    expect(normal.deviation).toBeCloseTo(1 / 16, 2);
    expect(normal.largest).toBeGreaterThan(3 / 16);
    expect(uniform.deviation).toBeCloseTo(1 / 16 / Math.sqrt(3), 3);
    expect(uniform.largest).toBeLessThanOrEqual(1 / 16);
    expect(cosine.weight.shape).toEqual([100, 256]);
    cosine.dispose();
    dot.dispose();
  });

  it('initialises reproducibly for each seed', () => {
    const weights = [0, undefined, 1].map((seed) => {
      const loss = new PlainLoss(seed === undefined ? sizes : { ...sizes, seed }, { criterion: 'bce' });
      const values = [...loss.weight.dataSync()];
      loss.dispose();
      return values;
    });
    expect(weights[1]).toEqual(weights[0]);
    expect(weights[2]).not.toEqual(weights[0]);
  });

  it('scores the batch against its weights and bias', async () => {
    const bankCase = randomCase(41, 'diverse');
    const bankOptions = { criterion: 'bce', scale: 8, margins: [{ kind: 'cosine', margin: 0.2 }] } as const;
    const loss = new PlainLoss({ ...sizes, blockSize: 3 }, bankOptions, () => tf.zeros([7]));
    const { embeddings, labels, bank, bias } = tensorsOf(bankCase);
    loss.setState({ weight: bank, bias: bias! });
    expect(loss.trainable).toEqual([loss.weight, loss.bias]);
    expect(loss.memory).toEqual([]);
    const { numTensors } = tf.memory();
    const result = await lossAndGradients(loss, embeddings, labels, { commit: true });
    expect(tf.memory().numTensors).toBe(numTensors);
    const expected = referenceGradients(bankCase, bankOptions);
    expect(relativeError([result.loss], [referenceLoss(bankCase, bankOptions)])).toBeLessThan(1e-5);
    expect(relativeError(result.embeddings, expected.embeddings)).toBeLessThan(1e-5);
    expect(relativeError(result.trainable[0]!, expected.bank)).toBeLessThan(1e-5);
    expect(relativeError(result.trainable[1]!, expected.bias)).toBeLessThan(1e-5);
    tf.dispose([embeddings, labels, bank, bias!]);
    loss.dispose();
  });

  it('accepts soft targets, and rejects bad batches', () => {
    const loss = new PlainLoss(sizes, { criterion: 'softmax' });
    expect(loss.bias).toBeNull();
    expect(loss.threshold()).toBeNull();
    tf.tidy(() => {
      const embeddings = tf.ones([2, 5]) as tf.Tensor2D;
      const step = loss.forward(embeddings, tf.fill([2, 7], 1 / 7) as tf.Tensor2D);
      expect(step.loss.dataSync()[0]).toBeGreaterThan(0);
      step.dispose();
      expect(() => loss.forward(embeddings, tf.tensor1d([0, 7], 'int32'))).toThrow(/labels\[1\] is 7/);
    });
    loss.dispose();
  });

  it('checks its options before it creates a variable', () => {
    const { numTensors } = tf.memory();
    expect(() => new PlainLoss(sizes, { criterion: 'softmax', scale: -1 })).toThrow(ConfigError);
    expect(() => new PlainLoss({ ...sizes, blockSize: 0 }, { criterion: 'softmax' })).toThrow(/blockSize/);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
