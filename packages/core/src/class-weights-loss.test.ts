import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { lossAndGradients, relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { randomCase, tensorsOf } from './__fixtures__/bank-cases.ts';
import { referenceGradients, referenceLoss } from './__fixtures__/reference.ts';
import type { BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { ClassWeightsLoss, type ClassWeightsLossOptions } from './class-weights-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { ConfigError, ShapeError } from './errors.ts';
import { hardNegativesMap } from './hard-negatives-map.ts';
import { negativeLimitMap } from './negative-limit-map.ts';
import { powerMap } from './power-map.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

class PlainLoss extends ClassWeightsLoss {
  constructor(
    options: ClassWeightsLossOptions,
    bankOptions: BankOptions,
    bias: (() => tf.Tensor1D) | null = null,
  ) {
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
    const cosine = new PlainLoss(large, { criterion: softmaxCriterion });
    const dot = new PlainLoss(large, { criterion: softmaxCriterion, similarity: 'dot' });
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
      const loss = new PlainLoss(seed === undefined ? sizes : { ...sizes, seed }, {
        criterion: bceCriterion,
      });
      const values = [...loss.weight.dataSync()];
      loss.dispose();
      return values;
    });
    expect(weights[1]).toEqual(weights[0]);
    expect(weights[2]).not.toEqual(weights[0]);
  });

  it('scores the batch against its weights and bias', async () => {
    const bankCase = randomCase(41, 'diverse');
    const bankOptions = { criterion: bceCriterion, scale: 8, margins: [cosineMargin(0.2)] } as const;
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
    const loss = new PlainLoss(sizes, { criterion: softmaxCriterion });
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
    expect(() => new PlainLoss(sizes, { criterion: softmaxCriterion, scale: -1 })).toThrow(ConfigError);
    expect(() => new PlainLoss({ ...sizes, blockSize: 0 }, { criterion: softmaxCriterion })).toThrow(
      /blockSize/,
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

const cosface: BankOptions = { criterion: softmaxCriterion, scale: 8, margins: [cosineMargin(0.2)] };

describeOnBackends('ClassWeightsLoss with Partial FC', () => {
  const { embeddings: rows, labels: numbers } = randomCase(43);
  const embeddings = () => tf.tensor2d(rows);
  const labels = () => tf.tensor1d(numbers as number[], 'int32');
  const evaluate = (loss: ClassWeightsLoss, classes?: number[]) =>
    lossAndGradients(loss, embeddings(), labels(), {
      ...(classes && { context: { sampledClasses: tf.tensor1d(classes, 'int32') } }),
    });
  const without = (options: object) => new PlainLoss({ ...sizes, ...options }, cosface);

  it('samples nothing at a rate of 1', async () => {
    const plain = without({});
    const all = without({ negativeSampleRate: 1, interclassFilteringThreshold: 0 });
    expect(Object.keys(all.getState())).toEqual(['weight']);
    expect(await evaluate(all)).toEqual(await evaluate(plain));
    expect(
      relativeError([(await evaluate(all, [0, 1, 2, 3, 4, 5, 6])).loss], [(await evaluate(plain)).loss]),
    ).toBeLessThan(1e-6);
  });

  it('scores against the given classes as a loss over these alone would', async () => {
    const bankCase = randomCase(43);
    const classes = [6, 0, 4, 2];
    const small = {
      ...bankCase,
      labels: (bankCase.labels as number[]).map((label) => classes.indexOf(label)),
      bank: classes.map((label) => bankCase.bank[label]!),
    };
    const loss = without({ negativeSampleRate: 0.5 });
    const state = loss.getState();
    loss.setState({ ...state, weight: tf.tensor2d(bankCase.bank) });
    const result = await evaluate(loss, classes);
    const expected = referenceGradients(small, cosface);
    const expectedBank = new Array<number>(35).fill(0);
    classes.forEach((label, place) => {
      for (let column = 0; column < 5; column++)
        expectedBank[label * 5 + column] = expected.bank[place * 5 + column]!;
    });
    expect(relativeError([result.loss], [referenceLoss(small, cosface)])).toBeLessThan(1e-5);
    expect(relativeError(result.embeddings, expected.embeddings)).toBeLessThan(1e-5);
    expect(relativeError(result.trainable[0]!, expectedBank)).toBeLessThan(1e-5);
  });

  it.each([
    // Labels 2, 6, 2, 0: three classes
    [0.99, 6],
    [0.6, 4],
    [0.5, 3],
    [0.2, 3],
    [0.01, 3],
  ])('at the rate %d of 7 classes uses %d', async (negativeSampleRate, count) => {
    const { trainable } = await evaluate(without({ negativeSampleRate }));
    const touched = [0, 1, 2, 3, 4, 5, 6].filter((label) =>
      trainable[0]!.slice(label * 5, label * 5 + 5).some(Boolean),
    );
    expect(touched).toHaveLength(count);
    expect(touched).toEqual(expect.arrayContaining([0, 2, 6]));
  });

  it('counts only committed batches, in its state', async () => {
    const loss = without({ negativeSampleRate: 0.5 });
    expect(loss.memory.map(({ name }) => name.split('/')[1])).toEqual(['samplingStep']);
    const steps = () => [...loss.memory[0]!.dataSync()];
    await evaluate(loss);
    expect(steps()).toEqual([0]);
    await lossAndGradients(loss, embeddings(), labels(), { commit: true });
    expect(steps()).toEqual([1]);
  });

  it('counts negatives above the filter as 0', async () => {
    // Cosines with class 0: 1, with class 1: 0.8, with class 2: −0.6
    const loss = new PlainLoss(
      { numClasses: 3, embeddingSize: 2, interclassFilteringThreshold: 0.7 },
      { criterion: softmaxCriterion, scale: 2 },
    );
    loss.setState({ weight: tf.tensor2d([1, 0, 0.8, 0.6, -0.6, 0.8], [3, 2]) });
    const result = await lossAndGradients(loss, tf.tensor2d([[3, 0]]), tf.tensor1d([0], 'int32'));
    expect(result.loss).toBeCloseTo(Math.log(Math.exp(2) + 1 + Math.exp(-1.2)) - 2, 6);
    expect([...result.trainable[0]!.slice(2, 4)]).toEqual([0, 0]);
    expect(result.trainable[0]!.slice(4).some(Boolean)).toBe(true);
  });

  it('refuses soft targets, bad rates and limits, and a second map, before it creates a variable', () => {
    const { numTensors } = tf.memory();
    const make =
      (options: object, bankOptions: object = {}) =>
      () =>
        new PlainLoss({ ...sizes, ...options }, { criterion: softmaxCriterion, ...bankOptions });
    for (const negativeSampleRate of [0, -1, 1.01, Number.NaN]) {
      expect(make({ negativeSampleRate })).toThrow(ConfigError);
      expect(make({ negativeSampleRate })).toThrow(/PlainLoss: negativeSampleRate/);
    }
    for (const interclassFilteringThreshold of [-0.1, 1.1, Number.NaN])
      expect(make({ interclassFilteringThreshold })).toThrow(/interclassFilteringThreshold/);
    const filter = { interclassFilteringThreshold: 0.4 };
    const maps = [powerMap({ exponent: 3 }), hardNegativesMap(), negativeLimitMap(1)];
    for (const similarityMap of maps) {
      expect(make(filter, { similarityMap })).toThrow(ConfigError);
      expect(make(filter, { similarityMap })).toThrow(`interclassFilteringThreshold`);
      expect(make(filter, { similarityMap })).toThrow(`'${similarityMap.kind}'`);
    }
    expect(make(filter, { similarity: 'dot' })).toThrow(/interclassFilteringThreshold.*'dot'/);
    expect(make(filter, { labelSmoothing: 0.1 })).toThrow(/interclassFilteringThreshold.*labelSmoothing/);
    expect(tf.memory().numTensors).toBe(numTensors);
    const sampled = make({ negativeSampleRate: 0.5 })();
    const soft = tf.fill([4, 7], 1 / 7) as tf.Tensor2D;
    expect(() => sampled.forward(embeddings(), soft)).toThrow(ShapeError);
    const sampledClasses = tf.tensor1d([0], 'int32');
    expect(() => make({})().forward(embeddings(), soft, { sampledClasses })).toThrow(ShapeError);
  });
});
