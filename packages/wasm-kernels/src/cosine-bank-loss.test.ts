import {
  adaptiveMargin,
  angularMargin,
  type BankInputs,
  type BankOptions,
  bceCriterion,
  cosineBankLoss,
  cosineMargin,
  normalValues,
  pairSampling,
  resolveBankOptions,
  softmaxCriterion,
  streamedBankLoss,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectNoLeak } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { enableNative } from './native-module.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});
afterEach(() => enableNative(true));

interface Case {
  batch: number;
  size: number;
  numClasses: number;
  bias: 'none' | 'unified' | 'diverse';
  emptyRow: boolean;
  options: BankOptions;
  seed: number;
}

/** Returns the inputs of a case. `emptyRow` sets the rows of the first class and of the first sample's class to zeros. */
function inputsOf({ batch, size, numClasses, bias, emptyRow, seed }: Case) {
  const labels = Array.from({ length: batch }, (_, row) => (row * 7 + seed) % numClasses);
  const bank = normalValues([numClasses, size], 1, seed);
  if (emptyRow) {
    const values = bank.dataSync<'float32'>().slice();
    for (const row of [0, labels[0]!]) values.fill(0, row * size, (row + 1) * size);
    bank.dispose();
    return { ...tensors(), bank: tf.tensor2d(values, [numClasses, size]) };
  }
  return { ...tensors(), bank };

  function tensors() {
    const biases = { none: 0, unified: 1, diverse: numClasses };
    const values = Float32Array.from({ length: biases[bias] }, (_, index) => 2 + Math.sin(index));
    return {
      embeddings: normalValues([batch, size], 1, seed + 1),
      labels: tf.tensor1d(labels, 'int32'),
      ...(bias === 'none' ? {} : { bias: tf.tensor1d(values) }),
    };
  }
}

/** Computes loss and all gradients with the public operation. */
function evaluate(inputs: BankInputs, options: BankOptions): Float32Array[] {
  const { bias, rowMargins, outsideNegatives } = inputs;
  const differentiable = [
    inputs.embeddings,
    options.bankGradient === false ? undefined : inputs.bank,
    bias,
    rowMargins?.angle,
    rowMargins?.cosine,
    outsideNegatives,
  ].filter((tensor): tensor is tf.Tensor2D => tensor !== undefined);
  return tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads(() => cosineBankLoss(inputs, options))(differentiable);
    return [value, ...grads].map((tensor) => tensor.dataSync<'float32'>());
  });
}

/**
 * Expects equality up to rounding. Some gradients are zero in exact arithmetic: that of an embedding along its class,
 * and that of a bias which softmax cancels. Their rounding errors have the size of the scale. The same holds for a
 * logit of the size of the scale, and for its exponential.
 */
function expectSame(actual: Float32Array[], expected: Float32Array[], { scale = 64 }: BankOptions): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((values, index) => {
    const difference = Math.hypot(...values.map((value, place) => value - expected[index]![place]!));
    expect(difference).toBeLessThan((1e-5 + 1e-6 * scale) * Math.hypot(...expected[index]!) + 1e-5 * scale);
  });
}

const cases: fc.Arbitrary<Case> = fc.record({
  batch: fc.constantFrom(1, 2, 5, 9),
  size: fc.constantFrom(2, 3, 4, 7, 16),
  numClasses: fc.constantFrom(1, 2, 5, 255, 256, 257, 600),
  bias: fc.constantFrom('none', 'unified', 'diverse'),
  emptyRow: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1000 }),
  options: fc.record({
    criterion: fc.constantFrom(softmaxCriterion, bceCriterion),
    scale: fc.constantFrom(1, 16, 64, 256),
    similarity: fc.constantFrom('cosine', 'dot'),
    emptyRows: fc.constantFrom('score', 'skip'),
    bankGradient: fc.boolean(),
    weight: fc.constantFrom(1, 0.5),
    margins: fc.constantFrom([], [cosineMargin(0.4)], [adaptiveMargin(0.7)]),
  }) as fc.Arbitrary<BankOptions>,
});

describe('CosineBankLoss', () => {
  it('agrees with the version on tfjs operations', () => {
    const check = (test: Case) => {
      const inputs = inputsOf(test);
      // Products without normalisation are large already.
      const options = test.options.similarity === 'dot' ? { ...test.options, scale: 1 } : test.options;
      enableNative(true);
      const compiled = evaluate(inputs, options);
      enableNative(false);
      const plain = evaluate(inputs, options);
      tf.dispose(inputs);
      expectSame(compiled, plain, options);
    };
    fc.assert(fc.property(cases, check), { numRuns: 300, seed: 7 });
  });

  it('supports λ, angular margins and the classes of a batch', () => {
    const base = { batch: 6, size: 5, numClasses: 300, bias: 'unified', emptyRow: false, seed: 3 } as const;
    const variants: BankOptions[] = [
      { criterion: bceCriterion, scale: 16, negativeWeight: 0.3 },
      { criterion: softmaxCriterion, scale: 16, margins: [angularMargin({ margin: 0.5, branch: 'linear' })] },
      {
        criterion: softmaxCriterion,
        scale: 16,
        margins: [angularMargin({ margin: 0.5, gradient: 'detached' })],
      },
    ];
    for (const options of variants) {
      const inputs = inputsOf({ ...base, options });
      const withClasses = {
        ...inputs,
        classes: tf.tensor1d([...inputs.labels.dataSync(), 299, 100], 'int32'),
      };
      for (const each of [inputs, withClasses]) {
        const compiled = evaluate(each, options);
        enableNative(false);
        const plain = evaluate(each, options);
        enableNative(true);
        expectSame(compiled, plain, options);
      }
    }
  });

  it('runs, except for soft targets, smoothing, clipping and sampled pairs', () => {
    const inputs = inputsOf({
      batch: 3,
      size: 4,
      numClasses: 5,
      bias: 'none',
      emptyRow: false,
      seed: 1,
      options: { criterion: bceCriterion },
    });
    const kernel = tf.getKernel('CosineBankLoss', 'wasm') as tf.KernelConfig & {
      supports(of: object, options: object): boolean;
    };
    const supports = (options: BankOptions, labels: tf.Tensor = inputs.labels) =>
      kernel.supports({ ...inputs, labels }, resolveBankOptions(options));
    expect(supports({ criterion: bceCriterion, scale: 16 })).toBe(true);
    expect(supports({ criterion: bceCriterion, labelSmoothing: 0.1 })).toBe(false);
    expect(supports({ criterion: bceCriterion, logitClip: 64 })).toBe(false);
    expect(supports({ criterion: bceCriterion, pairSampling: pairSampling({ rate: 0.5, seed: 1 }) })).toBe(
      false,
    );
    expect(supports({ criterion: bceCriterion }, tf.zeros([3, 5]))).toBe(false);
    enableNative(false);
    expect(supports({ criterion: bceCriterion, scale: 16 })).toBe(false);
  });

  it.each([1e20, 1e9, 1e-9, 1e-20, 0])('stays finite for embeddings and bank rows of size %d', (factor) => {
    const test = { batch: 4, size: 6, numClasses: 9, bias: 'unified', emptyRow: false, seed: 5 } as const;
    for (const criterion of [bceCriterion, softmaxCriterion]) {
      const options = { criterion, scale: 256 };
      const inputs = inputsOf({ ...test, options });
      for (const which of ['embeddings', 'bank'] as const) {
        const changed = { ...inputs, [which]: tf.mul(inputs[which], factor) };
        const results = evaluate(changed, options);
        for (const values of results) expect(values.every(Number.isFinite)).toBe(true);
        // A norm below 1e-5 counts as 1e-5. Above it, the norm does not affect the loss.
        if (factor >= 1e9) expect(results[0]![0]).toBeCloseTo(evaluate(inputs, options)[0]![0]!, 3);
      }
    }
  });

  it('computes the same bits every time, and leaks no memory', () => {
    const options: BankOptions = { criterion: bceCriterion, scale: 64 };
    const inputs = inputsOf({
      batch: 16,
      size: 32,
      numClasses: 700,
      bias: 'diverse',
      emptyRow: false,
      seed: 2,
      options,
    });
    expect(evaluate(inputs, options)).toEqual(evaluate(inputs, options));
    const resolved = resolveBankOptions(options);
    expect(streamedBankLoss(inputs, resolved, false)).toHaveLength(2);
    expectNoLeak(() => {
      evaluate(inputs, options);
      return [];
    }, 20);
    expectNoLeak(() => cosineBankLoss(inputs, options), 20);
  });
});
