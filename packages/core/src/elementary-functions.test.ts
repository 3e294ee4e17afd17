import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { angleOf, power, sineAndCosine, softplus, softplusTail } from './elementary-functions.ts';

/** Returns 1000 numbers from one to another, both included. */
function between(from: number, to: number): Float32Array {
  return Float32Array.from({ length: 1000 }, (_, place) => from + ((to - from) * place) / 999);
}

/** Compares a function of a tensor with one of float64 numbers. */
function largestError(
  inputs: Float32Array,
  found: (x: tf.Tensor1D) => tf.Tensor,
  expected: (x: number) => number,
  kind: 'absolute' | 'relative',
): number {
  const values = tf.tidy(() => found(tf.tensor1d(inputs)).dataSync());
  const errors = Array.from(inputs, (x, place) => {
    const difference = Math.abs(values[place]! - expected(x));
    return difference === 0 ? 0 : difference / (kind === 'relative' ? Math.abs(expected(x)) : 1);
  });
  return Math.max(...errors.map((error) => (Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)));
}

function exactSoftplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

describeOnBackends('functions of tensors agree with float64', () => {
  it.each([0.8, 3.2, 30])('sine and cosine up to ± %s', (limit) => {
    const angles = between(-limit, limit);
    expect(largestError(angles, (x) => sineAndCosine(x).sine, Math.sin, 'absolute')).toBeLessThan(1e-7);
    expect(largestError(angles, (x) => sineAndCosine(x).cosine, Math.cos, 'absolute')).toBeLessThan(1e-7);
  });

  it('the sines of small angles, relatively', () => {
    expect(largestError(between(0, 0.01), (x) => sineAndCosine(x).sine, Math.sin, 'relative')).toBeLessThan(
      2e-7,
    );
  });

  it('angles from sine and cosine', () => {
    const found = (x: tf.Tensor1D) => {
      const { sine, cosine } = sineAndCosine(x);
      return angleOf(sine, cosine);
    };
    expect(largestError(between(0, 3.13), found, (x) => x, 'absolute')).toBeLessThan(3e-7);
  });

  it.each([
    [-80, -20],
    [-20, -5],
    [-5, 5],
    [5, 80],
  ])('softplus from %s to %s, relatively', (from, to) => {
    const inputs = between(from, to);
    expect(largestError(inputs, softplus, exactSoftplus, 'relative')).toBeLessThan(5e-7);
    const tail = (x: number) => Math.log1p(Math.exp(-Math.abs(x)));
    expect(largestError(inputs, softplusTail, tail, 'relative')).toBeLessThan(5e-7);
  });

  it.each([0, 0.03, 0.5, 0.7, 1, 1.03, 2, 2.5, 3, 3.9, 7, 12.34])('powers with exponent %s', (exponent) => {
    const raise = (x: tf.Tensor1D) => power(x, exponent);
    const expected = (x: number) => x ** exponent;
    expect(largestError(between(0.5, 1), raise, expected, 'relative')).toBeLessThan(1e-6);
    expect(largestError(between(0, 1), raise, expected, 'absolute')).toBeLessThan(1e-6);
  });

  it('powers of negative numbers with whole exponents', () => {
    expect(
      largestError(
        between(-2, 0),
        (x) => power(x, 3),
        (x) => x ** 3,
        'relative',
      ),
    ).toBeLessThan(3e-7);
    expect(
      largestError(
        between(-2, 0),
        (x) => power(x, 2),
        (x) => x ** 2,
        'relative',
      ),
    ).toBeLessThan(3e-7);
  });
});
