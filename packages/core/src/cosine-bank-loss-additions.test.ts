import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { allNumbers, randomCase, randomRows, runBankLoss, tensorsOf } from './__fixtures__/bank-cases.ts';
import { type BankCase, referenceGradients, referenceLoss } from './__fixtures__/reference.ts';
import { angularMargin } from './angular-margin.ts';
import type { BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineBankLoss, cosineBankLossWithRows } from './cosine-bank-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { hardNegativesMap } from './hard-negatives-map.ts';
import { negativeLimitMap } from './negative-limit-map.ts';
import { negativeMargin } from './negative-margin.ts';
import { powerMap } from './power-map.ts';
import { softmaxCriterion } from './softmax-criterion.ts';
import { operation } from './tape.ts';

const cosface = cosineMargin(0.35);
const arcface = angularMargin({ margin: 0.5 });

const angleMargins = [0.1, -0.2, 0.35, 0.6];
const cosineMargins = [0.05, 0.3, -0.1, 0.2];
const outside = [0.4, -0.2, 0.9];
const outsideOfRows = randomRows(4, 3, 71).map((row) => row.map((value) => value / 3));
const rowWeights = [1, 0, 2.5, 0.3];
const unitRows = randomRows(7, 5, 91).map((row) => row.map((value) => value / Math.hypot(...row)));
const mixture = { rows: unitRows, shares: [0, 0.15, 0.3, 1, 0.5, 0, 0.15] };

/** Each addition to the algebra, alone and together. */
const additions: Record<string, [Partial<BankCase>, Partial<BankOptions>]> = {
  'margins of the rows (AdaFace)': [
    { angleMargins, cosineMargins },
    {
      margins: [angularMargin({ margin: 0, branch: 'clamp', angleLimit: 1e-3 }), { ...cosface, margin: 0 }],
      cosineLimit: 0.5,
    },
  ],
  'angles of the rows (MagFace)': [
    { angleMargins: [0.45, 1.2, 2.9, 0.8] },
    { margins: [angularMargin({ margin: 0, branch: 'linear' })] },
  ],
  'angles of the rows, easy': [{ angleMargins }, { margins: [{ ...arcface, branch: 'easy' }] }],
  'angles of the rows, continuous': [
    { angleMargins: [0.45, 1.2, 2.9, 0.8] },
    { margins: [angularMargin({ margin: 0, branch: 'continuous', factor: 1.2 })] },
  ],
  'angles of the rows, detached': [{ angleMargins }, { margins: [{ ...arcface, gradient: 'detached' }] }],
  'a limit of the cosines': [{}, { margins: [cosface], cosineLimit: 0.3 }],
  'a power of the similarities (SphereFace2, exact)': [
    {},
    {
      margins: [cosface],
      similarityMap: powerMap({ exponent: 3 }),
      negativeMargin: negativeMargin({ cosine: 0.35 }),
    },
  ],
  'a power with angles on both sides': [
    {},
    {
      margins: [{ ...arcface, branch: 'continuous' }],
      similarityMap: powerMap({ exponent: 2.5 }),
      negativeMargin: negativeMargin({ angle: 0.5 }),
    },
  ],
  'a power without its gradient (SphereFace2)': [
    {},
    {
      margins: [{ ...arcface, branch: 'clamp' }],
      similarityMap: powerMap({ exponent: 3, gradient: 'detached' }),
      negativeMargin: negativeMargin({ cosine: 0.2 }),
    },
  ],
  'an exponent of 1': [{}, { margins: [cosface], similarityMap: powerMap({ exponent: 1 }) }],
  'hard negatives (CurricularFace)': [
    { hardFactor: 0.3 },
    { margins: [{ ...arcface, branch: 'linear' }], similarityMap: hardNegativesMap({ square: 1 }) },
  ],
  'hard negatives (MV-Softmax)': [
    {},
    { margins: [cosface], similarityMap: hardNegativesMap({ factor: 1.2, offset: 0.2 }) },
  ],
  'a limit of the negatives (Partial FC)': [{}, { margins: [cosface], similarityMap: negativeLimitMap(0.2) }],
  'outside negatives': [{ outside }, { margins: [cosface] }],
  'outside negatives of each row': [{ outside: outsideOfRows }, { margins: [cosface] }],
  'two centers': [
    { labels: [2, 5, 2, 0], bank: randomRows(12, 5, 61) },
    { margins: [cosface], centers: 2 },
  ],
  'three centers': [
    { labels: [2, 1, 2, 0], bank: randomRows(9, 5, 63) },
    { margins: [arcface], centers: 3 },
  ],
  'weights of the rows': [{ rowWeights }, { margins: [cosface] }],
  'a mixture (VPL)': [{ mixture }, { margins: [cosface] }],
  'a mixture without margins': [{ mixture }, {}],
  'everything on the rows': [
    { angleMargins, cosineMargins, outside, rowWeights, mixture },
    {
      margins: [arcface, cosface],
      similarityMap: powerMap({ exponent: 3 }),
      negativeMargin: negativeMargin({ angle: 0.1, cosine: 0.1 }),
    },
  ],
  'hard negatives with centers and weights': [
    { labels: [2, 5, 2, 0], bank: randomRows(12, 5, 65), rowWeights, outside: outsideOfRows },
    { margins: [cosface], similarityMap: hardNegativesMap({ square: 1, factor: 0.4 }), centers: 2 },
  ],
};

/** Gradients of a result by name, without the loss. */
const gradientNames = ['embeddings', 'bank', 'bias', 'angleMargins', 'cosineMargins', 'outside'] as const;

/** Returns `Σ factors · losses`, with a gradient that plain tfjs-core lacks. */
function weightedRows(losses: tf.Tensor, factors: number[]): tf.Scalar {
  return operation<tf.Scalar>(
    [losses],
    () => ({ value: tf.sum(tf.mul(losses, factors)) as tf.Scalar }),
    (dy) => [tf.mul(dy, tf.tensor1d(factors))],
  );
}

function expectReference(bankCase: BankCase, options: BankOptions): void {
  const result = runBankLoss(bankCase, options);
  const expected = referenceGradients(bankCase, options);
  expect(relativeError([result.loss], [referenceLoss(bankCase, options)])).toBeLessThan(1e-5);
  for (const name of gradientNames) {
    const found = result[name];
    if (!found) continue;
    // A gradient that is 0 in exact arithmetic has rounding errors of the size of the others.
    const scale = Math.hypot(...expected.embeddings);
    expect(relativeError([scale, ...found], [scale, ...expected[name]]), name).toBeLessThan(1e-5);
  }
}

describeOnBackends('additions to cosineBankLoss', () => {
  for (const [name, [inputs, options]] of Object.entries(additions)) {
    it.each([softmaxCriterion, bceCriterion])(`equal the formula: ${name}, $name`, (criterion) => {
      for (const bias of ['none', 'unified'] as const) {
        const bankCase = { ...randomCase(3, bias), ...inputs };
        expectReference(bankCase, { criterion, scale: 8, ...options });
      }
    });

    it.each([softmaxCriterion, bceCriterion])(
      `do not depend on the block size: ${name}, $name`,
      (criterion) => {
        const bankCase = { ...randomCase(3, 'unified'), ...inputs };
        const whole = allNumbers(runBankLoss(bankCase, { criterion, scale: 8, ...options }));
        for (const blockSize of [1, 2, 4]) {
          const inBlocks = allNumbers(runBankLoss(bankCase, { criterion, scale: 8, ...options, blockSize }));
          expect(relativeError(inBlocks, whole)).toBeLessThan(1e-6);
        }
      },
    );

    it(`return the losses of the rows: ${name}`, () => {
      const bankCase = { ...randomCase(3, 'unified'), ...inputs };
      const given: BankOptions = { criterion: bceCriterion, scale: 8, weight: 0.5, ...options };
      // The gradient of Σ a_i row_i is that of rows weighted by a_i, times the size of the batch.
      const factors = [0.5, -1, 2, 0];
      const weights = bankCase.rowWeights ?? [1, 1, 1, 1];
      const scaled = { ...bankCase, rowWeights: weights.map((weight, row) => weight * factors[row]! * 4) };
      const expected = runBankLoss(scaled, given);
      const rows = runBankLoss(bankCase, { ...given, reduction: 'none' } as BankOptions, {
        after: (losses) => weightedRows(losses, factors),
      });
      expect(rows.loss).toBeCloseTo(expected.loss, 4);
      for (const key of gradientNames) {
        if (!expected[key]) expect(rows[key]).toBeNull();
        else expect(relativeError([1, ...rows[key]!], [1, ...expected[key]])).toBeLessThan(1e-5);
      }
    });
  }

  it('return the losses of the rows together with the mean', () => {
    const bankCase = randomCase(3, 'unified');
    tf.tidy(() => {
      const options: BankOptions = { criterion: softmaxCriterion, scale: 8, margins: [cosface], weight: 2 };
      const inputs = tensorsOf(bankCase);
      const { loss, rowLosses } = cosineBankLossWithRows(inputs, options);
      const each = bankCase.embeddings.map((row, index) =>
        referenceLoss(
          { ...bankCase, embeddings: [row], labels: [(bankCase.labels as number[])[index]!] },
          options,
        ),
      );
      expect(relativeError([...rowLosses.dataSync()], each)).toBeLessThan(1e-5);
      expect(tf.mean(rowLosses).dataSync()[0]).toBeCloseTo(loss.dataSync()[0]!, 5);
      expect([...cosineBankLoss(inputs, { ...options, reduction: 'none' }).dataSync()]).toEqual([
        ...rowLosses.dataSync(),
      ]);
      rowLosses.dispose();
    });
  });

  it('ignore an outside negative of −1e30', () => {
    const bankCase = randomCase(3, 'unified');
    for (const criterion of [softmaxCriterion, bceCriterion]) {
      const options: BankOptions = { criterion, scale: 64, margins: [cosface] };
      const plain = runBankLoss(bankCase, options);
      const { outside: none, ...rest } = runBankLoss({ ...bankCase, outside: [-1e30, -1e30] }, options);
      expect(none!.map(Math.abs)).toEqual([0, 0]);
      expect(relativeError(allNumbers({ ...rest, outside: null }), allNumbers(plain))).toBeLessThan(1e-6);
    }
  });

  it('use only a subset of the classes', () => {
    const classes = [6, 0, 3, 2];
    const bankCase = { ...randomCase(9, 'unified'), mixture, outside };
    const of = <T>(rows: T[]) => classes.map((place) => rows[place]!);
    const subset = {
      ...bankCase,
      labels: (bankCase.labels as number[]).map((label) => classes.indexOf(label)),
      bank: of(bankCase.bank),
      mixture: { rows: of(mixture.rows), shares: of(mixture.shares) },
    };
    const options: BankOptions = { criterion: softmaxCriterion, scale: 8, margins: [cosface] };
    const [all, few] = [runBankLoss(bankCase, options, { classes }), runBankLoss(subset, options)];
    expect(all.loss).toBeCloseTo(few.loss, 5);
    expect(relativeError(all.embeddings, few.embeddings)).toBeLessThan(1e-6);
    expect(relativeError(all.outside!, few.outside!)).toBeLessThan(1e-6);
    classes.forEach((place, row) => {
      expect(
        relativeError(all.bank!.slice(place * 5, place * 5 + 5), few.bank!.slice(row * 5, row * 5 + 5)),
      ).toBeLessThan(1e-6);
    });
    // Classes of two centers: rows 2j and 2j + 1
    const centers = { ...randomCase(9), labels: [2, 0, 2, 0], bank: randomRows(6, 5, 67) };
    const some = runBankLoss(centers, { ...options, centers: 2 }, { classes: [2, 0] });
    const both = runBankLoss(
      { ...centers, labels: [0, 1, 0, 1], bank: [4, 5, 0, 1].map((row) => centers.bank[row]!) },
      { ...options, centers: 2 },
    );
    expect(some.loss).toBeCloseTo(both.loss, 5);
    expect(some.bank!.slice(10, 20)).toEqual(Array(10).fill(0));
    expect(relativeError(some.bank!.slice(20), both.bank!.slice(0, 10))).toBeLessThan(1e-6);
  });

  it('leak no tensor', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    for (const [inputs, options] of Object.values(additions)) {
      runBankLoss({ ...randomCase(3), ...inputs }, { criterion: softmaxCriterion, blockSize: 2, ...options });
      runBankLoss(
        { ...randomCase(3), ...inputs },
        { criterion: bceCriterion, ...options, reduction: 'none' } as BankOptions,
        { after: (losses) => weightedRows(losses, [1, 1, 1, 1]) },
      );
    }
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });
});
