import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { allNumbers, randomCase, runBankLoss, tensorsOf } from './__fixtures__/bank-cases.ts';
import { referenceGradients, referenceLoss } from './__fixtures__/reference.ts';
import { logitsOf, openBank } from './bank-blocks.ts';
import type { BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineMargin } from './cosine-margin.ts';
import { pairSampling } from './pair-mask.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

const margins = [cosineMargin(0.35)];

/** Every computation that runs block by block. */
const streamed: Record<string, BankOptions> = {
  softmax: { criterion: softmaxCriterion, scale: 16, margins },
  'softmax, smoothed': { criterion: softmaxCriterion, scale: 16, labelSmoothing: 0.1 },
  'softmax, empty rows': { criterion: softmaxCriterion, scale: 16, emptyRows: 'skip', bankGradient: false },
  BCE: { criterion: bceCriterion, scale: 16, margins },
  'BCE, sampled': { criterion: bceCriterion, scale: 16, pairSampling: pairSampling({ rate: 0.5, seed: 3 }) },
  'BCE, empty rows': { criterion: bceCriterion, scale: 16, emptyRows: 'skip', bankGradient: false },
};

/** Classes 6 and 1 are unseen; class 6 is the label of row 1. */
function caseWithEmptyRows(bias: 'none' | 'diverse') {
  const bankCase = randomCase(23, bias);
  return { ...bankCase, bank: bankCase.bank.map((row, j) => (j === 6 || j === 1 ? row.map(() => 0) : row)) };
}

describeOnBackends('bank blocks', () => {
  it.each(Object.entries(streamed))('does not depend on the block size: %s', (_, options) => {
    for (const bias of ['none', 'diverse'] as const) {
      const bankCase = options.emptyRows ? caseWithEmptyRows(bias) : randomCase(23, bias);
      const whole = allNumbers(runBankLoss(bankCase, options));
      for (const blockSize of [1, 2, 5, 7, 100]) {
        const inBlocks = allNumbers(runBankLoss(bankCase, { ...options, blockSize }));
        expect(relativeError(inBlocks, whole)).toBeLessThan(1e-6);
      }
    }
  });

  it('visits every class once, in blocks of the given size', () => {
    tf.tidy(() => {
      const inputs = tensorsOf(randomCase(23));
      const visit = (blockSize: number | undefined) => {
        const seen: [number, number][] = [];
        const options = resolveBankOptions({ criterion: bceCriterion, blockSize });
        logitsOf(openBank(inputs, options), inputs).forEachBlock(({ start, count, logits }) => {
          expect(logits.shape).toEqual([count, 4]);
          seen.push([start, count]);
        });
        return seen;
      };
      expect(visit(3)).toEqual([
        [0, 3],
        [3, 3],
        [6, 1],
      ]);
      expect(visit(undefined)).toEqual([[0, 7]]);
    });
  });

  it('chooses blocks of 1 MB', () => {
    tf.tidy(() => {
      const blockSize = (batch: number, size: number, classes: number) => {
        const inputs = {
          embeddings: tf.ones([batch, size]) as tf.Tensor2D,
          labels: tf.zeros([batch], 'int32') as tf.Tensor1D,
          bank: tf.ones([classes, size]) as tf.Tensor2D,
        };
        return openBank(inputs, resolveBankOptions({ criterion: bceCriterion })).blockSize;
      };
      // 2^18 float32 numbers are 1 MB: 262144 / max(batch, size), at least 64, at most all classes
      expect(blockSize(2, 512, 600)).toBe(512);
      expect(blockSize(1024, 2, 600)).toBe(256);
      expect(blockSize(2, 8192, 100)).toBe(64);
      expect(blockSize(2, 2, 100)).toBe(100);
    });
  });

  it.each([softmaxCriterion, bceCriterion])('skips unseen classes: $name', (criterion) => {
    const bankCase = caseWithEmptyRows('diverse');
    const options: BankOptions = { criterion, scale: 16, margins, emptyRows: 'skip', bankGradient: false };
    const result = runBankLoss(bankCase, options);
    const expected = referenceGradients(bankCase, options);
    expect(relativeError([result.loss], [referenceLoss(bankCase, options)])).toBeLessThan(1e-5);
    expect(relativeError(result.embeddings, expected.embeddings)).toBeLessThan(1e-5);
    expect(relativeError(result.bias!, expected.bias)).toBeLessThan(1e-5);
    // Row 1 does not count, and the biases of unseen classes get no gradient.
    expect(result.embeddings.slice(5, 10)).toEqual([0, 0, 0, 0, 0]);
    expect([1, 6].map((j) => Math.abs(result.bias![j]!))).toEqual([0, 0]);
    const scored = runBankLoss(bankCase, { ...options, emptyRows: 'score' });
    expect(scored.loss).not.toBeCloseTo(result.loss, 2);
  });

  it.each([softmaxCriterion, bceCriterion])(
    'has loss 0 and gradients 0 while no class was seen: $name',
    (criterion) => {
      const bankCase = randomCase(23, 'unified');
      const empty = { ...bankCase, bank: bankCase.bank.map((row) => row.map(() => 0)) };
      const result = runBankLoss(empty, { criterion, emptyRows: 'skip', bankGradient: false });
      expect(allNumbers(result).map(Math.abs)).toEqual(Array(1 + 20 + 1).fill(0));
    },
  );

  it('stays finite if an unseen class would outweigh all seen ones', () => {
    // The embedding is opposite to all seen classes: their logits are −256, and exp(0 − −256) overflows float32.
    const opposite = {
      embeddings: [[1, 0]],
      labels: [0],
      bank: [
        [-1, 0],
        [-1, 0],
        [0, 0],
      ],
    };
    for (const criterion of [softmaxCriterion, bceCriterion]) {
      const result = runBankLoss(opposite, { criterion, scale: 256, emptyRows: 'skip', bankGradient: false });
      expect(allNumbers(result).every(Number.isFinite)).toBe(true);
      // Two equal logits: softmax loss log 2; BCE softplus(256) + softplus(−256) = 256
      expect(result.loss).toBeCloseTo(criterion === softmaxCriterion ? Math.LN2 : 256, 4);
    }
  });
});
