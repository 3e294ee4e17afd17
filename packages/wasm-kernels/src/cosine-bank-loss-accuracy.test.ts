// @isolate: changes the threads of the backend.
import {
  adaptiveMargin,
  type BankOptions,
  bceCriterion,
  cosineBankLoss,
  cosineMargin,
  normalValues,
  resolveBankOptions,
  softmaxCriterion,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BankReference, referenceBankLoss } from './__fixtures__/reference-bank-loss.ts';
import { enableWasmTraining } from './index.ts';

interface Case {
  readonly batch: number;
  readonly size: number;
  readonly numClasses: number;
  readonly bias: 'none' | 'unified' | 'diverse';
  readonly emptyRow: boolean;
  readonly sampled: boolean;
  readonly seed: number;
  readonly options: BankOptions;
}

const cases: fc.Arbitrary<Case> = fc.record({
  batch: fc.constantFrom(1, 2, 3, 7, 8, 9, 13, 31, 40),
  size: fc.constantFrom(1, 2, 3, 5, 8, 17, 64, 65),
  numClasses: fc.constantFrom(1, 2, 3, 11, 12, 13, 100, 251, 252, 253, 700),
  bias: fc.constantFrom('none', 'unified', 'diverse'),
  emptyRow: fc.boolean(),
  sampled: fc.boolean(),
  seed: fc.integer({ min: 0, max: 10_000 }),
  options: fc.record({
    criterion: fc.constantFrom(softmaxCriterion, bceCriterion),
    scale: fc.constantFrom(1, 16, 64),
    similarity: fc.constantFrom('cosine', 'dot'),
    emptyRows: fc.constantFrom('score', 'skip'),
    bankGradient: fc.boolean(),
    weight: fc.constantFrom(1, 0.5),
    margins: fc.constantFrom([], [cosineMargin(0.4)], [adaptiveMargin(0.7)]),
  }) as fc.Arbitrary<BankOptions>,
});

function arraysOf({ batch, size, numClasses, bias, emptyRow, sampled, seed }: Case) {
  const values = (shape: [number, number], which: number) => {
    const tensor = normalValues(shape, 1, seed + which);
    const result = tensor.dataSync<'float32'>().slice();
    tensor.dispose();
    return result;
  };
  const labels = Array.from({ length: batch }, (_, row) => (row * 7 + seed) % numClasses);
  const bank = values([numClasses, size], 0);
  for (const row of emptyRow ? [0, labels[0]!] : []) bank.fill(0, row * size, (row + 1) * size);
  const everyThird = Array.from({ length: numClasses }, (_, row) => row).filter((row) => row % 3 === 0);
  const biases = { none: 0, unified: 1, diverse: numClasses }[bias];
  return {
    batch,
    size,
    labels,
    bank,
    embeddings: values([batch, size], 1),
    bias: biases === 0 ? null : Float32Array.from({ length: biases }, (_, index) => 2 + Math.sin(index)),
    classes: sampled
      ? [...new Set([...labels, ...everyThird])].reverse()
      : Array.from({ length: numClasses }, (_, row) => row),
  };
}

function evaluate(test: Case, arrays: ReturnType<typeof arraysOf>, options: BankOptions): Float32Array[] {
  const { batch, size, numClasses } = test;
  return tf.tidy(() => {
    const embeddings = tf.tensor2d(arrays.embeddings, [batch, size]);
    const bank = tf.tensor2d(arrays.bank, [numClasses, size]);
    const bias = arrays.bias ? tf.tensor1d(arrays.bias) : undefined;
    const classes = test.sampled ? tf.tensor1d(arrays.classes, 'int32') : undefined;
    const labels = tf.tensor1d(arrays.labels, 'int32');
    const differentiable = [
      embeddings,
      ...(options.bankGradient === false ? [] : [bank]),
      ...(bias ? [bias] : []),
    ];
    const { value, grads } = tf.valueAndGrads(() =>
      cosineBankLoss({ embeddings, labels, bank, bias, classes }, options),
    )(differentiable);
    return [value, ...grads].map((tensor) => tensor.dataSync<'float32'>());
  });
}

/**
 * Tolerance: 1e-5 of the gradient, plus 1e-6 of its norm before the radial part, which can be nearly all of it, is
 * removed.
 */
function expectGradient(actual: Float32Array, expected: Float64Array, scale: number): void {
  expect(actual.length).toBe(expected.length);
  const difference = Math.hypot(...expected.map((value, index) => value - actual[index]!));
  expect(difference).toBeLessThanOrEqual(1e-5 * Math.hypot(...expected) + 1e-6 * scale);
}

describe.each([true, false])('CosineBankLoss against float64, relaxed SIMD %s', (relaxedSimd) => {
  beforeAll(async () => {
    await enableWasmTraining({ relaxedSimd });
  });

  it('has the loss within 1e-6 and the gradients within 1e-5, for any shape', () => {
    const check = (test: Case) => {
      const options = test.options.similarity === 'dot' ? { ...test.options, scale: 1 } : test.options;
      const arrays = arraysOf(test);
      const expected: BankReference = referenceBankLoss(arrays, resolveBankOptions(options));
      const [loss, ...gradients] = evaluate(test, arrays, options) as [Float32Array, ...Float32Array[]];
      // The second term covers losses near zero.
      expect(Math.abs(loss[0]! - expected.loss)).toBeLessThanOrEqual(1e-6 * expected.loss + 1e-9);
      expectGradient(gradients.shift()!, expected.embeddings, expected.scales.embeddings);
      if (options.bankGradient) expectGradient(gradients.shift()!, expected.bank, expected.scales.bank);
      if (arrays.bias) expectGradient(gradients.shift()!, expected.bias, expected.scales.bias);
    };
    fc.assert(fc.property(cases, check), { numRuns: 300, seed: 11 });
  });
});
