import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { adaptiveMargin } from './adaptive-margin.ts';
import type { BankOptions } from './bank-options.ts';
import { ClassWeightsLoss } from './class-weights-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { ConfigError } from './errors.ts';
import { powerMap } from './power-map.ts';
import type { SecondBank } from './second-bank.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

class Loss extends ClassWeightsLoss {
  constructor(options: Partial<BankOptions> = {}, memoryShape?: [number] | [number, number]) {
    const margins = [cosineMargin(0.1)];
    const sizes = { numClasses: 2, embeddingSize: 2 };
    super('Loss', sizes, { criterion: softmaxCriterion, scale: 4, margins, ...options }, null);
    if (memoryShape) this.addMemory('memory', tf.zeros<tf.Rank>(memoryShape));
  }
}

const softplus = (z: number) => Math.log1p(Math.exp(z));
// The classes are swapped: the embedding lies along the vector of the other class.
const bankOf = (more: Partial<SecondBank> = {}): SecondBank => ({
  margins: [adaptiveMargin(0.5)],
  use: (score) => score(tf.tensor2d([0, 1, 1, 0], [2, 2])),
  ...more,
});

describeOnBackends('a second bank', () => {
  const evaluate = (secondBank: SecondBank, cosine = 1) => {
    const loss = new Loss();
    loss.weight.assign(tf.tensor2d([1, 0, 0, 3], [2, 2]));
    const embeddings = tf.tensor2d([cosine * 2, Math.sqrt(1 - cosine ** 2) * 2], [1, 2]);
    const labels = tf.tensor1d([0], 'int32');
    const step = loss.forward(embeddings, labels, { secondBank });
    const result = [step.loss.dataSync()[0], step.rowLosses?.dataSync()[0]];
    step.dispose();
    loss.dispose();
    return result;
  };

  it('counts half, with its own margins before those of the loss', () => {
    // Weights: 4 (1 − 0.1) and 0. Second bank: 4 (0 − 0.1) and 4.
    const expected = (softplus(0 - 3.6) + softplus(4 + 0.4)) / 2;
    for (const value of evaluate(bankOf())) expect(value).toBeCloseTo(expected, 5);
    // Cosine 0.6: weights 4 (0.6 − 0.1) and 4 · 0.8. Second bank: 4 (0.8 / 2 − 0.1) and 4 · 0.6.
    const inclined = (softplus(3.2 - 2) + softplus(2.4 - 1.2)) / 2;
    for (const value of evaluate(bankOf(), 0.6)) expect(value).toBeCloseTo(inclined, 5);
  });

  it('can leave out the margins of the loss', () => {
    const expected = (softplus(3.2 - 2) + softplus(2.4 - 1.6)) / 2;
    for (const value of evaluate(bankOf({ keepsMargins: false }), 0.6))
      expect(value).toBeCloseTo(expected, 5);
  });

  it.each([
    ['several centers', () => new Loss({ centers: 2 })],
    ['memory of its own', () => new Loss({}, [2, 2])],
    ['products', () => new Loss({ similarity: 'dot' })],
    ['map of all similarities', () => new Loss({ similarityMap: powerMap({ exponent: 2 }) })],
  ])('is refused by a loss with %s', (reason, make) => {
    const loss = make();
    expect(() => loss.checkSecondBank()).toThrow(ConfigError);
    const context = { secondBank: bankOf() };
    expect(() => loss.forward(tf.tensor2d([[1, 2]]), tf.tensor1d([0], 'int32'), context)).toThrow(
      new RegExp(`Loss cannot score a second bank, because .*${reason}`),
    );
    loss.dispose();
  });

  it('suits a loss with statistics of a few numbers', () => {
    expect(() => new Loss({}, [1]).checkSecondBank()).not.toThrow();
  });
});
