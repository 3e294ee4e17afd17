import {
  angularMargin,
  type BankInputs,
  type BankOptions,
  bceCriterion,
  cosineBankLoss,
  cosineMargin,
  hardNegativesMap,
  negativeLimitMap,
  negativeMargin,
  normalValues,
  powerMap,
  resolveBankOptions,
  softmaxCriterion,
  uniformValues,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectNoLeak } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { enableNative } from './native-module.ts';
import type { WasmBackend } from './wasm-backend.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});
afterEach(() => enableNative(true));

const batch = 9;
const cosface = cosineMargin(0.35);
const arcface = angularMargin({ margin: 0.5 });

/** Inputs that options may use; all take part if the options allow it. */
type Extra = 'angle' | 'cosine' | 'outside' | 'outsideOfRows' | 'rowWeights' | 'hardFactor' | 'mixture';

const variants: Record<string, [Partial<BankOptions>, Extra[]]> = {
  'margins of the rows': [
    {
      margins: [angularMargin({ margin: 0, branch: 'clamp', angleLimit: 0.001 }), { ...cosface, margin: 0 }],
      cosineLimit: 0.4,
    },
    ['angle', 'cosine'],
  ],
  'angles of the rows, linear': [{ margins: [{ ...arcface, branch: 'linear' }] }, ['angle']],
  'angles of the rows, easy': [{ margins: [{ ...arcface, branch: 'easy' }] }, ['angle']],
  'angles of the rows, continuous': [
    { margins: [{ ...arcface, branch: 'continuous', factor: 1.3 }] },
    ['angle'],
  ],
  'angles of the rows, detached': [{ margins: [{ ...arcface, gradient: 'detached' }] }, ['angle']],
  'a power': [
    {
      margins: [cosface],
      similarityMap: powerMap({ exponent: 3 }),
      negativeMargin: negativeMargin({ cosine: 0.35 }),
    },
    [],
  ],
  'a power, detached': [
    {
      margins: [arcface],
      similarityMap: powerMap({ exponent: 4, gradient: 'detached' }),
      cosineLimit: 0.5,
    },
    [],
  ],
  'a power with angles': [
    {
      margins: [arcface],
      similarityMap: powerMap({ exponent: 3 }),
      negativeMargin: negativeMargin({ angle: 0.2 }),
    },
    [],
  ],
  'a power that is no whole number': [{ margins: [cosface], similarityMap: powerMap({ exponent: 2.5 }) }, []],
  'hard negatives': [
    { margins: [{ ...arcface, branch: 'linear' }], similarityMap: hardNegativesMap({ square: 1 }) },
    ['hardFactor'],
  ],
  'hard negatives with an offset': [
    { margins: [cosface], similarityMap: hardNegativesMap({ factor: 1.2, offset: 0.2 }) },
    [],
  ],
  'a limit of the negatives': [{ margins: [cosface], similarityMap: negativeLimitMap(0.2) }, []],
  'outside negatives': [{ margins: [cosface] }, ['outside']],
  'outside negatives of each row': [{ margins: [cosface] }, ['outsideOfRows']],
  'weights of the rows': [{ margins: [cosface] }, ['rowWeights']],
  'two centers': [{ margins: [cosface], centers: 2 }, []],
  'three centers': [{ margins: [arcface], centers: 3 }, ['rowWeights']],
  'a mixture': [{ margins: [cosface] }, ['mixture']],
  'everything on the rows': [
    {
      margins: [arcface, cosface],
      similarityMap: powerMap({ exponent: 3 }),
      negativeMargin: negativeMargin({ angle: 0.1, cosine: 0.1 }),
    },
    ['angle', 'cosine', 'outside', 'rowWeights', 'mixture'],
  ],
  'hard negatives with centers': [
    { margins: [cosface], similarityMap: hardNegativesMap({ square: 1 }), centers: 3 },
    ['hardFactor', 'outsideOfRows', 'rowWeights'],
  ],
};

/** Returns numbers within ± `spread`. */
function numbers(count: number, spread: number, seed: number): tf.Tensor1D {
  return tf.tidy(() => tf.reshape(uniformValues([1, count], spread, seed), [count]));
}

/** Returns the inputs of a variant. The largest number of rows takes several blocks and groups. */
function inputsOf(numClasses: number, size: number, centers: number, extras: readonly Extra[]): BankInputs {
  const rows = numClasses * centers;
  const has = (extra: Extra) => extras.includes(extra);
  const labels = Array.from({ length: batch }, (_, row) => (row * 7 + 3) % numClasses);
  const unit = tf.tidy(() => {
    const values = normalValues([rows, size], 1, 4);
    return tf.div(values, tf.norm(values, 2, 1, true)) as tf.Tensor2D;
  });
  const share = Float32Array.from({ length: rows }, (_, row) => [0, 0.15, 1, 0.5][row % 4]!);
  return {
    embeddings: normalValues([batch, size], 1, 1),
    labels: tf.tensor1d(labels, 'int32'),
    bank: normalValues([rows, size], 1, 2),
    bias: tf.tensor1d([1.5]),
    ...((has('angle') || has('cosine')) && {
      rowMargins: {
        ...(has('angle') && { angle: numbers(batch, 0.6, 5) }),
        ...(has('cosine') && { cosine: numbers(batch, 0.3, 6) }),
      },
    }),
    ...(has('outside') && { outsideNegatives: numbers(20, 0.8, 7) }),
    ...(has('outsideOfRows') && { outsideNegatives: uniformValues([batch, 20], 0.8, 8) }),
    ...(has('rowWeights') && { rowWeights: tf.tensor1d([1, 0, 2, -1, 0.5, 1, 1, 3, 1]) }),
    ...(has('hardFactor') && { hardFactor: tf.tensor1d([0.3]) }),
    ...(has('mixture') && { mixture: { rows: unit, shares: tf.tensor1d(share) } }),
  };
}

function evaluate(inputs: BankInputs, options: BankOptions): Float32Array[] {
  const { embeddings, bank, bias, rowMargins, outsideNegatives } = inputs;
  const differentiable = [
    embeddings,
    bank,
    bias,
    rowMargins?.angle,
    rowMargins?.cosine,
    outsideNegatives,
  ].filter((tensor): tensor is tf.Tensor2D => tensor !== undefined);
  return tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads(() => {
      const loss = cosineBankLoss(inputs, options) as tf.Tensor;
      return (
        loss.rank === 0 ? loss : tf.sum(tf.mul(loss, tf.range(1, batch + 1, 1, 'float32')))
      ) as tf.Scalar;
    })(differentiable);
    return [value, ...grads].map((tensor) => tensor.dataSync<'float32'>());
  });
}

function length(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
}

/** Expects equality up to rounding, also where a gradient is zero in exact arithmetic. */
function expectSame(actual: Float32Array[], expected: Float32Array[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((values, index) => {
    const difference = length(values.map((value, place) => value - expected[index]![place]!));
    expect(difference).toBeLessThan(2e-5 * (length(expected[index]!) + length(expected[1]!)));
  });
}

describe('CosineBankLoss with additions', () => {
  for (const [name, [options, extras]] of Object.entries(variants)) {
    it.each([
      { criterion: softmaxCriterion, numClasses: 7 },
      { criterion: softmaxCriterion, numClasses: 1000 },
      { criterion: bceCriterion, numClasses: 7 },
      { criterion: bceCriterion, numClasses: 1000 },
    ])(
      `agrees with the version on tfjs operations: ${name}, $criterion.name, $numClasses classes`,
      ({ criterion, numClasses }) => {
        for (const size of [5, 16]) {
          const inputs = inputsOf(numClasses, size, options.centers ?? 1, extras);
          for (const reduction of ['mean', 'none'] as const) {
            const all: BankOptions = { criterion, scale: 16, weight: 0.5, ...options, reduction };
            const compiled = evaluate(inputs, all);
            enableNative(false);
            const plain = evaluate(inputs, all);
            enableNative(true);
            expectSame(compiled, plain);
          }
          tf.dispose(inputs as unknown as tf.TensorContainer);
        }
      },
    );
  }

  it('computes the kept and the recomputed logits alike', () => {
    // 12 MB of dot products at 9 samples: 200,000 classes are beyond, 70,000 within.
    const options: BankOptions = {
      criterion: softmaxCriterion,
      scale: 16,
      margins: [cosface],
      similarityMap: powerMap({ exponent: 3 }),
    };
    for (const numClasses of [70_000, 200_000]) {
      const inputs = inputsOf(numClasses, 4, 1, []);
      const compiled = evaluate(inputs, options);
      enableNative(false);
      const plain = evaluate(inputs, options);
      enableNative(true);
      expectSame(compiled, plain);
      tf.dispose(inputs as unknown as tf.TensorContainer);
    }
  });

  it('allocates within 5 % of what softmax over the same rows takes', () => {
    const allocatedBy = (inputs: BankInputs, options: BankOptions) => {
      const spy = vi.spyOn(tf.backend() as unknown as WasmBackend, 'makeOutput');
      evaluate(inputs, options);
      const count = spy.mock.calls.reduce((sum, [shape]) => sum + tf.util.sizeFromShape(shape), 0);
      spy.mockRestore();
      return count;
    };
    for (const [name, [options, extras]] of Object.entries(variants)) {
      // Computed with tfjs operations.
      if (name.includes('no whole number')) continue;
      const inputs = inputsOf(4000, 16, options.centers ?? 1, extras);
      const { embeddings, labels, bank, bias } = inputs;
      const plain = allocatedBy(
        { embeddings, labels, bank, bias },
        { criterion: softmaxCriterion, scale: 16 },
      );
      const extended = allocatedBy(inputs, { criterion: softmaxCriterion, scale: 16, ...options });
      expect(extended / plain, name).toBeLessThan(1.05);
      tf.dispose(inputs as unknown as tf.TensorContainer);
    }
  });

  it('supports all of them but powers that are no whole number, and classes with centers', () => {
    const kernel = tf.getKernel('CosineBankLoss', 'wasm') as tf.KernelConfig & {
      supports(of: object, options: object): boolean;
    };
    for (const [name, [options, extras]] of Object.entries(variants)) {
      const inputs = inputsOf(7, 5, options.centers ?? 1, extras);
      const resolved = resolveBankOptions({ criterion: bceCriterion, ...options });
      expect(kernel.supports(inputs, resolved), name).toBe(!name.includes('no whole number'));
      const classes = tf.tensor1d([3, 0], 'int32');
      const isRestricted = (options.centers ?? 1) > 1 || name.includes('no whole number');
      expect(kernel.supports({ ...inputs, classes }, resolved), name).toBe(!isRestricted);
      tf.dispose([inputs as unknown as tf.TensorContainer, classes] as tf.TensorContainer);
    }
  });

  it('uses a subset of the classes with a mixture', () => {
    const inputs = inputsOf(300, 5, 1, ['mixture', 'outside']);
    const places = new Set([...inputs.labels.dataSync(), 299, 100]);
    const classes = tf.tensor1d([...places], 'int32');
    const options: BankOptions = { criterion: softmaxCriterion, scale: 16, margins: [arcface] };
    const compiled = evaluate({ ...inputs, classes }, options);
    enableNative(false);
    const plain = evaluate({ ...inputs, classes }, options);
    enableNative(true);
    expectSame(compiled, plain);
    tf.dispose([inputs as unknown as tf.TensorContainer, classes] as tf.TensorContainer);
  });

  it('scores some of the classes with several centers, whose rows it gets gathered', () => {
    const inputs = inputsOf(300, 16, 3, ['outside']);
    const places = new Set([...inputs.labels.dataSync(), 299, 100, 0]);
    const classes = tf.tensor1d([...places], 'int32');
    const options: BankOptions = { criterion: softmaxCriterion, scale: 16, margins: [arcface], centers: 3 };
    const compiled = evaluate({ ...inputs, classes }, options);
    enableNative(false);
    const plain = evaluate({ ...inputs, classes }, options);
    enableNative(true);
    expectSame(compiled, plain);
    const ofBank = compiled[2]!;
    const touched = Array.from({ length: 300 }, (_, label) => label).filter((label) =>
      ofBank.subarray(label * 48, label * 48 + 48).some(Boolean),
    );
    expect(touched).toEqual([...places].sort((a, b) => a - b));
    tf.dispose([inputs as unknown as tf.TensorContainer, classes] as tf.TensorContainer);
  });

  it('leaks no memory', () => {
    const [options, extras] = variants['everything on the rows']!;
    const inputs = inputsOf(300, 5, 1, extras);
    expectNoLeak(() => {
      evaluate(inputs, { criterion: softmaxCriterion, scale: 16, ...options });
      return [];
    }, 20);
  });
});
