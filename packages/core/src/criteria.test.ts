import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { allNumbers, randomCase, randomRows, runBankLoss, tensorsOf } from './__fixtures__/bank-cases.ts';
import { type BankCase, referenceGradients, referenceLoss } from './__fixtures__/reference.ts';
import { adaptiveMargin } from './adaptive-margin.ts';
import { angularMargin } from './angular-margin.ts';
import type { BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { restrictToClasses } from './class-subset.ts';
import { cosineMargin } from './cosine-margin.ts';
import { meanNegativeLogSumExp } from './mean-negative-log-sum-exp.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

/**
 * Raw products with an identity matrix are the embeddings themselves, so that a test chooses the similarities.
 */
const identity = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

function lossOf(similarities: number[][], options: BankOptions, bias?: number): number {
  const labels = [0, 2];
  const bankCase = { embeddings: similarities, labels, bank: identity, ...(bias ? { bias: [bias] } : {}) };
  return runBankLoss(bankCase, { similarity: 'dot', ...options }).loss;
}

/** Similarities of two rows to three classes; the labels are 0 and 2. */
const cosines = [
  [0.6, 0.2, -0.1],
  [0.1, -0.3, 0.5],
];
const empirical = [
  [0.7, 0.1, 0],
  [0, -0.2, 0.2],
];
const margin = (m: number) => [cosineMargin(m)];

describeOnBackends('criteria', () => {
  it('agree with values computed by hand', () => {
    // Logits ±log 3, label 0: softmax log(1 + e^(−2 log 3)) = log(10/9); BCE 2 · log(1 + 1/3) = 2 log(4/3)
    const bankCase: BankCase = { embeddings: [[Math.log(3)]], labels: [0], bank: [[1], [-1]] };
    const softmax = runBankLoss(bankCase, { criterion: softmaxCriterion, similarity: 'dot' });
    const bce = runBankLoss(bankCase, { criterion: bceCriterion, similarity: 'dot' });
    expect(softmax.loss).toBeCloseTo(Math.log(10 / 9), 6);
    expect(bce.loss).toBeCloseTo(2 * Math.log(4 / 3), 6);
    // dL/dx = Σ_j w_j dL/dz_j: softmax −1/10 − 1/10; BCE −1/4 − 1/4
    expect(softmax.embeddings[0]).toBeCloseTo(-0.2, 6);
    expect(bce.embeddings[0]).toBeCloseTo(-0.5, 6);
    expect(relativeError(bce.bank!, [-0.25 * Math.log(3), 0.25 * Math.log(3)])).toBeLessThan(1e-6);
  });

  // Clipping at ± scale, as in the official code, changes the value of UCE-m at scale 4 only (a logit of −4.6).
  it.each([
    [
      'CosFace, m = .4',
      4,
      0.8113736266998015,
      { criterion: softmaxCriterion, margins: margin(0.4) },
      undefined,
    ],
    [
      'CosFace, m = .4',
      64,
      0.6931471817086475,
      { criterion: softmaxCriterion, margins: margin(0.4) },
      undefined,
    ],
    [
      'UCE-m, m = .4',
      4,
      2.9414139114883104,
      { criterion: bceCriterion, margins: margin(0.4), logitClip: 4 },
      30,
    ],
    [
      'UCE-m, m = .4',
      64,
      6.24755730085788,
      { criterion: bceCriterion, margins: margin(0.4), logitClip: 64 },
      30,
    ],
    ['USS-m, m = .1', 4, 1.0900675632513241, { criterion: bceCriterion, margins: margin(0.1) }, Math.exp(2)],
    ['USS-m, m = .1', 64, 7.606223913312786, { criterion: bceCriterion, margins: margin(0.1) }, Math.exp(2)],
  ] as const)('have the reference value of %s at scale %d', (_, scale, expected, options, expBias) => {
    const bias = expBias && Math.log(expBias);
    expect(relativeError([lossOf(cosines, { ...options, scale }, bias)], [expected])).toBeLessThan(1e-5);
    const unclipped = lossOf(cosines, { ...options, logitClip: undefined, scale }, bias);
    const clipMatters = options.criterion === bceCriterion && scale === 4 && expBias === 30;
    // softplus(−4) − softplus(4 · −.3 − log 30), over two rows
    const difference = (Math.log1p(Math.exp(-4)) - Math.log1p(Math.exp(-1.2) / 30)) / 2;
    expect(unclipped).toBeCloseTo(expected - (clipMatters ? difference : 0), 5);
  });

  it.each([
    [4, 0.7784781788408501],
    [64, 0.3521093725576881],
  ])('have the reference value of CosFace_EPL at scale %d', (scale, expected) => {
    const conventional = lossOf(cosines, { criterion: softmaxCriterion, scale, margins: margin(0.4) });
    const adaptive = [adaptiveMargin(0.7)];
    const prototypes = lossOf(empirical, { criterion: softmaxCriterion, scale, margins: adaptive });
    expect(relativeError([(conventional + prototypes) / 2], [expected])).toBeLessThan(1e-5);
  });

  it.each([
    [4, 0.823591604113185],
    [64, 9.600000002297403],
  ])('have the reference value of the first bias of USS at scale %d', (scale, expected) => {
    const inputs = tensorsOf({ embeddings: cosines, labels: [0, 2], bank: identity });
    for (const blockSize of [1, 2, 3]) {
      const start = meanNegativeLogSumExp(
        inputs,
        resolveBankOptions({ criterion: bceCriterion, scale, similarity: 'dot', blockSize }),
      );
      expect(start.shape).toEqual([1]);
      expect(relativeError(start.dataSync(), [expected])).toBeLessThan(1e-5);
    }
  });

  it('have no gradient at a clipped logit', () => {
    // Logits 5 and −5 clipped at 3; label 1: loss 2 softplus(3) and no gradient at all
    const clipped: BankCase = { embeddings: [[5]], labels: [1], bank: [[1], [-1]], bias: [0] };
    const options: BankOptions = { criterion: bceCriterion, similarity: 'dot', logitClip: 3 };
    const { loss, ...gradients } = runBankLoss(clipped, options);
    expect(loss).toBeCloseTo(2 * Math.log1p(Math.exp(3)), 5);
    expect(gradients.embeddings.map(Math.abs)).toEqual([0]);
    expect(gradients.bank!.map(Math.abs)).toEqual([0, 0]);
    expect(gradients.bias!.map(Math.abs)).toEqual([0]);
    expect(runBankLoss(clipped, { ...options, logitClip: 6 }).embeddings[0]).not.toBe(0);
  });

  it.each([64, 256])('are exact to 1e-5 in float32 at scale %d', (scale) => {
    const embeddings = randomRows(6, 16, 31);
    const random = randomRows(20, 16, 32);
    // Includes cosines near 1: every class after the first three.
    const bank = random.map((row, j) =>
      j < 3 ? row : row.map((v, k) => Math.fround(embeddings[j % 6]![k]! + v / 4)),
    );
    const bankCase: BankCase = { embeddings, labels: [0, 7, 2, 9, 4, 19], bank, bias: [Math.log(200)] };
    for (const criterion of [softmaxCriterion, bceCriterion]) {
      const options: BankOptions = { criterion, scale, margins: margin(0.4) };
      const result = runBankLoss(bankCase, options);
      const expected = referenceGradients(bankCase, options);
      expect(relativeError([result.loss], [referenceLoss(bankCase, options)])).toBeLessThan(1e-5);
      expect(relativeError(result.embeddings, expected.embeddings)).toBeLessThan(1e-5);
      expect(relativeError(result.bank!, expected.bank)).toBeLessThan(1e-5);
    }
  });

  it('keep small losses: log(1 + e^z) of a large negative z', () => {
    // Difference of the two logits 20: softmax loss e^−20 = 2.06e-9, far below 1 − 2^−24
    const bankCase: BankCase = { embeddings: [[10]], labels: [0], bank: [[1], [-1]] };
    const { loss } = runBankLoss(bankCase, { criterion: softmaxCriterion, similarity: 'dot' });
    expect(relativeError([loss], [Math.exp(-20)])).toBeLessThan(1e-5);
  });

  const kinds: BankOptions[] = [
    { criterion: softmaxCriterion },
    { criterion: softmaxCriterion, labelSmoothing: 0.1 },
    { criterion: softmaxCriterion, margins: [angularMargin({ margin: 0.5 })] },
    { criterion: bceCriterion, margins: margin(0.4) },
    { criterion: bceCriterion, margins: [angularMargin({ margin: 0.5, factor: 1.35, branch: 'linear' })] },
    { criterion: bceCriterion, margins: [adaptiveMargin(1)], logitClip: 256 },
  ];

  it.each(kinds.map((options) => [JSON.stringify(options), options] as const))(
    'are finite: %s',
    (_, options) => {
      const row = [1, -2, 0.5];
      const times = (factor: number) => row.map((value) => Math.fround(value * factor));
      const extremes: Record<string, BankCase> = {
        'cosines ±1': { embeddings: [row, row], labels: [0, 1], bank: [times(2), times(-3)], bias: [300] },
        'tiny and huge': {
          embeddings: [
            times(1e-20),
            times(1e20),
            times(1e-38),
            times(1e38),
            times(0),
            times(1e9),
            times(-1e9),
          ],
          labels: [0, 1, 2, 0, 1, 2, 0],
          bank: [times(1e-20), times(-1e20), times(0)],
        },
        'one class': { embeddings: [row, times(-1)], labels: [0, 0], bank: [row] },
        'batch of 1': {
          embeddings: [row],
          labels: [6],
          bank: randomCase(1).bank.map((each) => each.slice(0, 3)),
        },
      };
      for (const bankCase of Object.values(extremes)) {
        const result = runBankLoss(bankCase, { ...options, scale: 256 });
        expect(allNumbers(result).filter((value) => !Number.isFinite(value))).toEqual([]);
      }
    },
  );

  it.each([softmaxCriterion, bceCriterion])('are finite for raw products of ±1e9: $name', (criterion) => {
    const bankCase: BankCase = { embeddings: [[1e9], [-1e9]], labels: [0, 0], bank: [[1e9], [-1e9]] };
    const result = runBankLoss(bankCase, { criterion, similarity: 'dot' });
    expect(allNumbers(result).every(Number.isFinite)).toBe(true);
    // The second row: two BCE terms of 1e18 each, or a softmax difference of logits of 2e18. The mean halves it.
    expect(relativeError([result.loss], [1e18])).toBeLessThan(1e-6);
  });
});

describeOnBackends('meanNegativeLogSumExp', () => {
  it('skips rows without negatives and unseen classes', () => {
    tf.tidy(() => {
      const options = resolveBankOptions({
        criterion: bceCriterion,
        scale: 4,
        similarity: 'dot',
        emptyRows: 'skip',
      });
      const of = (bank: number[][]) =>
        meanNegativeLogSumExp(
          tensorsOf({ embeddings: cosines, labels: [0, 2], bank }),
          options,
        ).dataSync()[0];
      // Only class 0 is seen: only row 1 has a negative, with logit 4 · .1
      expect(
        of([
          [1, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ]),
      ).toBeCloseTo(0.4, 6);
      expect(
        of([
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ]),
      ).toBe(0);
    });
  });

  it('accepts a subset of the classes', () => {
    tf.tidy(() => {
      const inputs = tensorsOf({ embeddings: cosines, labels: [0, 2], bank: identity });
      const classes = tf.tensor1d([2, 0], 'int32');
      const options = resolveBankOptions({ criterion: bceCriterion, scale: 4, similarity: 'dot' });
      const start = meanNegativeLogSumExp(restrictToClasses(inputs, classes, options), options);
      // One negative each: 4 · −.1 and 4 · .1
      expect(start.dataSync()[0]).toBeCloseTo(0, 6);
    });
  });
});
