import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { minimumNorm, normalizeRows, normalizeRowsGradient } from './normalize-rows.ts';

/** Returns `x / max(‖x‖, 1e-5)` in float64. */
function reference(row: number[]): number[] {
  const norm = Math.max(Math.hypot(...row), 1e-5);
  return row.map((value) => value / norm);
}

function unitRow(row: number[]): number[] {
  return tf.tidy(() => [...normalizeRows(tf.tensor2d([row])).unit.dataSync()]);
}

/** Returns `∂(Σ upstream · x̂) / ∂x` by the closed form under test. */
function gradientRow(row: number[], upstream: number[]): number[] {
  return tf.tidy(() => {
    const normalized = normalizeRows(tf.tensor2d([row]));
    const gradient = tf.tensor2d([upstream]);
    const radial = tf.sum(tf.mul(gradient, normalized.unit), 1, true) as tf.Tensor2D;
    return [...normalizeRowsGradient(normalized, gradient, radial).dataSync()];
  });
}

describeOnBackends('normalizeRows', () => {
  it('divides each row by its norm', () => {
    tf.tidy(() => {
      const { unit, inverseNorm, projected, nonZero } = normalizeRows(
        tf.tensor2d([
          [3, 4], // norm 5
          [0, -2],
          [3e-6, 4e-6], // norm 5e-6, below 1e-5: divided by 1e-5
          [0, 0],
        ]),
      );
      expect(relativeError(unit.dataSync(), [0.6, 0.8, 0, -1, 0.3, 0.4, 0, 0])).toBeLessThan(1e-6);
      expect(relativeError(inverseNorm.dataSync(), [0.2, 0.5, 1e5, 1e5])).toBeLessThan(1e-6);
      expect([...projected.dataSync()]).toEqual([1, 1, 0, 0]);
      expect([...nonZero.dataSync()]).toEqual([1, 1, 1, 0]);
    });
    expect(minimumNorm).toBe(1e-5);
  });

  it.each([1e-38, 1e-20, 1e-6, 1e-5, 1, 1e20, 3e38])('neither overflows nor underflows at %f', (size) => {
    const row = [size, -size, size / 2, 0].map(Math.fround);
    expect(relativeError(unitRow(row), reference(row))).toBeLessThan(1e-6);
  });

  it('agrees with x / max(‖x‖, 1e-5), which has unit length above the minimum', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    const magnitude = fc.integer({ min: -30, max: 30 }).map((exponent) => 10 ** exponent);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), magnitude, (direction, size) => {
        const row = direction.map((part) => Math.fround(part * size));
        const unit = unitRow(row);
        expect(relativeError(unit, reference(row))).toBeLessThan(2e-6);
        if (Math.hypot(...row) > 1e-5) expect(Math.hypot(...unit)).toBeCloseTo(1, 5);
      }),
    );
  });

  it('projects the gradient across the row and divides by the norm', () => {
    // x = (3, 4), x̂ = (.6, .8), g = (1, 0): g · x̂ = .6; (g − .6 x̂) / 5 = (.64, −.48) / 5
    expect(relativeError(gradientRow([3, 4], [1, 0]), [0.128, -0.096])).toBeLessThan(1e-6);
  });

  it('has the gradient of a plain quotient below the minimum norm', () => {
    // x / 1e-5: the derivative is 1e5 times the upstream gradient, also along the row.
    expect(relativeError(gradientRow([3e-6, 4e-6], [1, 2]), [1e5, 2e5])).toBeLessThan(1e-6);
    expect(relativeError(gradientRow([0, 0], [1, 2]), [1e5, 2e5])).toBeLessThan(1e-6);
  });

  it('agrees with finite differences of the reference', () => {
    const [row, upstream] = [
      [0.5, -1.25, 2],
      [1, 0.25, -0.75],
    ];
    const value = (x: number[]) =>
      reference(x).reduce((sum, part, place) => sum + part * upstream![place]!, 0);
    const slopes = row!.map((_, place) => {
      const shifted = (step: number) => row!.map((part, index) => (index === place ? part + step : part));
      return (value(shifted(1e-6)) - value(shifted(-1e-6))) / 2e-6;
    });
    expect(relativeError(gradientRow(row!, upstream!), slopes)).toBeLessThan(1e-6);
  });

  it.each([1e-38, 1e-20, 1e20, 3e38, 0])('has finite gradients at %f', (size) => {
    const gradient = gradientRow([size, -size, 0], [1, 1, 1]);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});
