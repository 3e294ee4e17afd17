import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type BankResult, randomCase, runBankLoss, tensorsOf } from './__fixtures__/bank-cases.ts';
import {
  type BankCase,
  type ReferenceOptions,
  referenceGradients,
  referenceLoss,
} from './__fixtures__/reference.ts';
import { adaptiveMargin } from './adaptive-margin.ts';
import { angularMargin } from './angular-margin.ts';
import type { BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineBankLoss } from './cosine-bank-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { pairMask, pairSampling } from './pair-mask.ts';
import { softmaxCriterion } from './softmax-criterion.ts';
import { weightedSum } from './tape.ts';

function expectClose(actual: number[], expected: number[]): void {
  // A unified bias cancels out of a softmax. Its gradient is 0, so its relative error is undefined.
  const [found, wanted] =
    Math.hypot(...expected) < 1e-6
      ? [
          [1, ...actual],
          [1, ...expected],
        ]
      : [actual, expected];
  expect(relativeError(found, wanted)).toBeLessThan(1e-5);
}

function expectReference(result: BankResult, bankCase: BankCase, options: ReferenceOptions): void {
  const expected = referenceGradients(bankCase, options);
  expectClose([result.loss], [referenceLoss(bankCase, options)]);
  expectClose(result.embeddings, expected.embeddings);
  if (result.bank) expectClose(result.bank, expected.bank);
  if (result.bias) expectClose(result.bias, expected.bias);
}

const cosface = cosineMargin(0.35);
const arcface = angularMargin({ margin: 0.5 });
const adaptive = adaptiveMargin(0.7);

/** Points of the algebra; with scale 8 every class matters. */
const points: Record<string, BankOptions> = {
  'softmax (NormFace)': { criterion: softmaxCriterion, scale: 8 },
  'softmax with a cosine margin (CosFace)': { criterion: softmaxCriterion, scale: 8, margins: [cosface] },
  'softmax with an angular margin (ArcFace)': { criterion: softmaxCriterion, scale: 8, margins: [arcface] },
  'softmax with two margins (ArcFace-EPL)': {
    criterion: softmaxCriterion,
    scale: 8,
    margins: [adaptive, arcface],
  },
  'softmax of raw products': { criterion: softmaxCriterion, similarity: 'dot' },
  'softmax with label smoothing': { criterion: softmaxCriterion, scale: 8, labelSmoothing: 0.1 },
  BCE: { criterion: bceCriterion, scale: 8 },
  'BCE with a margin': { criterion: bceCriterion, scale: 8, margins: [cosface] },
  'BCE with a detached margin': {
    criterion: bceCriterion,
    scale: 8,
    margins: [{ ...arcface, gradient: 'detached' }],
  },
  'BCE of raw products with a margin': { criterion: bceCriterion, similarity: 'dot', margins: [cosface] },
  'BCE with label smoothing': { criterion: bceCriterion, scale: 8, labelSmoothing: 0.1, margins: [cosface] },
  'BCE with a weight of the negatives': { criterion: bceCriterion, scale: 8, negativeWeight: 0.6 },
  'BCE, clipped': { criterion: bceCriterion, scale: 8, logitClip: 3 },
  'weighted BCE at scale 64': { criterion: bceCriterion, weight: 0.25 },
};

describeOnBackends('cosineBankLoss', () => {
  for (const [name, options] of Object.entries(points)) {
    it.each(['none', 'unified', 'diverse'] as const)(`equals the formula: ${name}, bias %s`, (bias) => {
      const bankCase = randomCase(3, bias);
      expectReference(runBankLoss(bankCase, options), bankCase, options);
    });
  }

  it.each([softmaxCriterion, bceCriterion])('accepts soft targets: $name', (criterion) => {
    const soft = [
      [0.7, 0.3, 0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0.5, 0.25, 0.25],
      [0.5, 0, 0, 0, 0, 0, 0.5],
    ];
    const bankCase = { ...randomCase(5, 'diverse'), labels: soft };
    for (const labelSmoothing of [0, 0.2]) {
      const options: BankOptions = { criterion, scale: 8, labelSmoothing };
      expectReference(runBankLoss(bankCase, options), bankCase, options);
    }
    // One-hot rows equal labels.
    const hard = randomCase(5);
    const oneHot = {
      ...hard,
      labels: (hard.labels as number[]).map((y) => hard.bank.map((_, j) => +(j === y))),
    };
    const [a, b] = [hard, oneHot].map((each) => runBankLoss(each, { criterion, scale: 8 }));
    expect(a!.loss).toBeCloseTo(b!.loss, 5);
    expect(relativeError(a!.bank!, b!.bank!)).toBeLessThan(1e-5);
  });

  it('keeps the negatives that the pair mask keeps', () => {
    const bankCase = randomCase(7, 'unified');
    const draw = { rate: 0.5, seed: 11 };
    const options: BankOptions = { criterion: bceCriterion, scale: 8, pairSampling: pairSampling(draw) };
    const kept = pairMask(draw, 0, 7, 4).arraySync();
    const result = runBankLoss(bankCase, options);
    expectReference(result, bankCase, { ...options, keep: (j, row) => kept[j]![row] === 1 });
    const every = runBankLoss(bankCase, { ...options, pairSampling: pairSampling({ rate: 1, seed: 11 }) });
    expect(every).toEqual(runBankLoss(bankCase, { criterion: bceCriterion, scale: 8 }));
    expect(result.loss).toBeLessThan(every.loss);
  });

  it.each([softmaxCriterion, bceCriterion])('uses only a subset of the classes: $name', (criterion) => {
    const classes = [6, 0, 3, 2];
    const all = randomCase(9, 'diverse');
    const of = <T>(rows: T[]) => classes.map((place) => rows[place]!);
    const labels = (all.labels as number[]).map((label) => classes.indexOf(label));
    const subset = { ...all, labels, bank: of(all.bank), bias: of(all.bias!) };
    const options: BankOptions = { criterion, scale: 8, margins: [cosface] };
    const result = runBankLoss(all, options, { classes });
    const size = 5;
    const bankRow = (row: number) => result.bank!.slice(row * size, (row + 1) * size);
    expectReference({ ...result, bank: classes.flatMap(bankRow), bias: of(result.bias!) }, subset, options);
    for (const left of [1, 4, 5]) {
      expect(bankRow(left)).toEqual([0, 0, 0, 0, 0]);
      expect(result.bias![left]).toBe(0);
    }
    // The classes share a unified bias.
    const unified = { ...subset, bias: [0.5] };
    expectReference(
      { ...runBankLoss({ ...all, bias: [0.5] }, options, { classes }), bank: null },
      unified,
      options,
    );
  });

  it('computes no gradient of the bank with bankGradient: false, and the same others', () => {
    const bankCase = randomCase(13, 'unified');
    const options: BankOptions = { criterion: bceCriterion, scale: 8, margins: [cosface] };
    const frozen = runBankLoss(bankCase, { ...options, bankGradient: false });
    expect(frozen).toEqual({ ...runBankLoss(bankCase, options), bank: null });
    const { embeddings, labels, bank } = tensorsOf(bankCase);
    const [x, w] = [tf.variable(embeddings), tf.variable(bank)];
    const { grads } = tf.variableGrads(() =>
      cosineBankLoss({ embeddings: x, labels, bank: w }, { ...options, bankGradient: false }),
    );
    expect(Object.keys(grads)).toEqual([x.name]);
    tf.dispose([embeddings, labels, bank, x, w, grads]);
  });

  it('multiplies its gradients by the upstream gradient', () => {
    const bankCase = randomCase(15, 'diverse');
    const plain = runBankLoss(bankCase, { criterion: softmaxCriterion, scale: 8 });
    const thrice = runBankLoss(
      bankCase,
      { criterion: softmaxCriterion, scale: 8 },
      { after: (loss) => weightedSum([loss], [3]) },
    );
    for (const key of ['embeddings', 'bank', 'bias'] as const) {
      const expected = plain[key]!.map((value) => 3 * value);
      expect(relativeError(thrice[key]!, expected)).toBeLessThan(1e-6);
    }
  });

  it('computes gradients only on a tape', async () => {
    const { embeddings, labels, bank } = tensorsOf(randomCase(17));
    const run = (x: tf.Tensor) =>
      cosineBankLoss({ embeddings: x as tf.Tensor2D, labels, bank }, { criterion: bceCriterion });
    const products = async (work: () => tf.Tensor) =>
      (await tf.profile(work)).kernels.filter(({ name }) => name === 'BatchMatMul').length;
    expect(await products(() => run(embeddings))).toBe(1);
    expect(await products(() => tf.grad(run)(embeddings))).toBe(3);
    const value = run(embeddings).dataSync()[0];
    expect(tf.valueAndGrad(run)(embeddings).value.dataSync()[0]).toBe(value);
  });

  it('leaks no tensor', () => {
    const bankCase = randomCase(19, 'diverse');
    const options = Object.values(points);
    const { numTensors, numDataBuffers } = tf.memory();
    for (const each of options) {
      runBankLoss(bankCase, each);
      runBankLoss(bankCase, { ...each, blockSize: 2 });
    }
    runBankLoss(bankCase, { criterion: bceCriterion }, { classes: [0, 2, 6] });
    const { embeddings, labels, bank } = tensorsOf(randomCase(21));
    cosineBankLoss({ embeddings, labels, bank }, { criterion: softmaxCriterion }).dispose();
    tf.dispose([embeddings, labels, bank]);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });
});
