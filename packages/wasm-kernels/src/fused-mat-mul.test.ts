import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  expectSameValues,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, expectTensor, random, relativeError } from './__fixtures__/run-kernel.ts';
import './index.ts';

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
type Activation = (typeof activations)[number];

/** Computes an activation in float64. */
function activated(x: number, activation: Activation, slope: number): number {
  switch (activation) {
    case 'relu':
      return Math.max(0, x);
    case 'relu6':
      return Math.min(6, Math.max(0, x));
    case 'elu':
      return x >= 0 ? x : Math.expm1(x);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'leakyrelu':
    case 'prelu':
      return x < 0 ? slope * x : x;
    default:
      return x;
  }
}

interface Case {
  batch: number[];
  sizes: [rows: number, inner: number, columns: number];
  transposeA: boolean;
  transposeB: boolean;
  activation: Activation;
  bias: 'none' | 'column' | 'row' | 'scalar' | 'matrix';
  slopes: 'column' | 'scalar' | 'row';
}

function run({ batch, sizes, transposeA, transposeB, activation, bias, slopes }: Case): tf.Tensor {
  const [rows, inner, columns] = sizes;
  const a = random([...batch, ...(transposeA ? [inner, rows] : [rows, inner])], 1) as tf.Tensor3D;
  const b = random([...batch, ...(transposeB ? [columns, inner] : [inner, columns])], 2) as tf.Tensor3D;
  const shapes = { column: [columns], row: [rows, 1], scalar: [], matrix: [rows, columns] };
  return tf.fused.matMul({
    ...{ a, b, transposeA, transposeB, activation },
    ...(bias !== 'none' && { bias: random(shapes[bias], 3) }),
    ...(activation === 'prelu' && { preluActivationWeights: random(shapes[slopes], 4) }),
    leakyreluAlpha: 0.3,
  });
}

/** Computes the expected result from the plain product, which has tests of its own. */
function reference({ batch, sizes, transposeA, transposeB, activation, bias, slopes }: Case): Float64Array {
  const [rows, inner, columns] = sizes;
  const product = tf.matMul(
    random([...batch, ...(transposeA ? [inner, rows] : [rows, inner])], 1),
    random([...batch, ...(transposeB ? [columns, inner] : [inner, columns])], 2),
    transposeA,
    transposeB,
  );
  const shapes = { none: [], column: [columns], row: [rows, 1], scalar: [], matrix: [rows, columns] };
  const spread = (kind: keyof typeof shapes, seed: number) =>
    tf.broadcastTo(random(shapes[kind], seed), product.shape).dataSync();
  const biases = bias === 'none' ? null : spread(bias, 3);
  const alphas = activation === 'prelu' ? spread(slopes, 4) : null;
  return Float64Array.from(product.dataSync(), (value, index) =>
    activated(value + (biases?.[index] ?? 0), activation, alphas?.[index] ?? Math.fround(0.3)),
  );
}

describeBothWays('_FusedMatMul', (native) => {
  it('adds the bias once', () => {
    // The inner dimension spans several blocks of the stock kernel, which adds the bias to each block.
    const a = tf.ones([2, 200]) as tf.Tensor2D;
    const b = tf.ones([3, 200]) as tf.Tensor2D;
    const bias = tf.tensor1d([1, 2, 3]);
    const result = tf.fused.matMul({ a, b, transposeB: true, bias });
    expectTensor(result, [2, 3], [201, 202, 203, 201, 202, 203]);
  });

  it('agrees with separate product, bias and activation', () => {
    const size = fc.constantFrom(1, 2, 5, 8, 33);
    const cases: fc.Arbitrary<Case> = fc.record({
      batch: fc.constantFrom([], [1], [3]),
      sizes: fc.tuple(size, size, size),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      activation: fc.constantFrom(...activations),
      // Without SIMD the stock kernel may run, and it supports only lists.
      bias: native
        ? fc.constantFrom('none', 'column', 'row', 'scalar', 'matrix')
        : fc.constantFrom('none', 'column'),
      slopes: native ? fc.constantFrom('column', 'scalar', 'row') : fc.constant('column'),
    });
    const check = (test: Case) => {
      tf.tidy(() => {
        const result = run(test);
        expect(result.shape.slice(-2)).toEqual([test.sizes[0], test.sizes[2]]);
        expect(relativeError(result.dataSync(), reference(test))).toBeLessThanOrEqual(1e-5);
      });
    };
    fc.assert(fc.property(cases, check), { numRuns: 300, seed: 2 });
  });

  it('adds a bias to an empty product', () => {
    const [a, b] = [tf.zeros([2, 0]) as tf.Tensor2D, tf.zeros([3, 0]) as tf.Tensor2D];
    const bias = tf.tensor1d([1, -2, 3]);
    const result = tf.fused.matMul({ a, b, transposeB: true, bias, activation: 'relu' });
    expectTensor(result, [2, 3], [1, 0, 3, 1, 0, 3]);
  });

  it('follows a matrix that changes in place', () => {
    if (!native) return;
    const a = tf.tensor2d([1, 2], [1, 2]);
    const b = tf.tensor2d([1, 10], [2, 1]);
    expectTensor(tf.fused.matMul({ a, b }), [1, 1], [21]);
    const backend = tf.backend() as unknown as { typedArrayFromHeap(tensor: tf.Tensor): Float32Array };
    backend.typedArrayFromHeap(b).set([2, 3]);
    expectTensor(tf.fused.matMul({ a, b }), [1, 1], [8]);
  });

  it('names an unknown activation', () => {
    const a = tf.ones([2, 2]) as tf.Tensor2D;
    const call = () => tf.fused.matMul({ a, b: a, transposeB: true, activation: 'gelu' as 'relu' });
    expect(call).toThrow(/gelu/);
  });

  it('leaks no memory', () => {
    const [a, b] = [random([7, 60], 1), random([5, 60], 2)] as [tf.Tensor2D, tf.Tensor2D];
    const bias = random([5], 3);
    for (const activation of activations) {
      const options = { bias, activation, ...(activation === 'prelu' && { preluActivationWeights: bias }) };
      expectNoLeak(() => tf.fused.matMul({ a, b, transposeB: true, ...options }), 5);
    }
  });
});

describe('_FusedMatMul', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  /** Applies the activation alone, by a product with one. */
  const apply = (content: number[], activation: Activation) =>
    tf.fused
      .matMul({
        a: tf.tensor2d(content, [content.length, 1]),
        b: tf.ones([1, 1]) as tf.Tensor2D,
        activation,
        ...(activation === 'prelu' && { preluActivationWeights: tf.tensor1d([0.5]) }),
      })
      .dataSync();

  it.each(activations)('is accurate for %s from 1e-30 to 1e30', (activation) => {
    const sizes = [1e-30, 1e-10, 1e-4, 0.01, 0.3, 0.34, 0.35, 1, 5.9, 6, 20, 80, 87, 88, 89, 100, 1e4, 1e30];
    const content = [...sizes, ...sizes.map((size) => -size), 0].map(Math.fround);
    const slope = activation === 'prelu' ? 0.5 : Math.fround(0.2);
    [...apply(content, activation)].forEach((value, index) => {
      const expected = activated(content[index]!, activation, slope);
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(4e-7 * Math.abs(expected) + 1e-37);
    });
  });

  it.each(activations)('preserves non-finite values through %s', (activation) => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const limits = { relu: [infinity, 0], relu6: [6, 0], elu: [infinity, -1], sigmoid: [1, 0] };
    const expected = limits[activation as 'relu'] ?? [infinity, -infinity];
    expect([...apply([nan, infinity, -infinity], activation)]).toEqual([nan, ...expected]);
  });

  it('computes the same bits in any order of chunks', () => {
    const test = { batch: [], sizes: [300, 20, 401], transposeA: false, transposeB: true } as const;
    for (const activation of activations) {
      const once = () =>
        valuesOf(
          run({ ...test, batch: [], sizes: [300, 20, 401], activation, bias: 'column', slopes: 'column' }),
        );
      expectSameValues(withChunksInReverse(once), once());
    }
  });
});
