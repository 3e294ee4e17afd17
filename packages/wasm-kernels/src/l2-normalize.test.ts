import { normalizeRows } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  expectSameValues,
  runOutputs,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, random, relativeError, runKernel, values } from './__fixtures__/run-kernel.ts';
import './index.ts';

const epsilon = 1e-5;

describeBothWays('L2Normalize', () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 6 }),
    size: fc.integer({ min: 1, max: 70 }),
    exponent: fc.constantFrom(-44, -30, -6, -5, -4, 0, 5, 20, 37),
    seed: fc.nat(100),
  });

  it('agrees with x / max(‖x‖, ε) and its gradient in float64, at any size', () => {
    const check = ({
      rows,
      size,
      exponent,
      seed,
    }: {
      rows: number;
      size: number;
      exponent: number;
      seed: number;
    }) => {
      const content = values(rows * size, seed).map((value) => value * 10 ** exponent);
      const upstream = values(rows * size, seed + 1);
      const unit = new Float64Array(rows * size);
      const inverse = new Float64Array(rows);
      const dx = new Float64Array(rows * size);
      for (let row = 0; row < rows; row++) {
        const places = Array.from({ length: size }, (_, k) => row * size + k);
        const norm = Math.sqrt(places.reduce((sum, place) => sum + content[place]! ** 2, 0));
        inverse[row] = 1 / Math.max(norm, epsilon);
        for (const place of places) unit[place] = content[place]! * inverse[row]!;
        const along = places.reduce((sum, place) => sum + upstream[place]! * unit[place]!, 0);
        for (const place of places) {
          dx[place] = (upstream[place]! - (norm > epsilon ? along * unit[place]! : 0)) * inverse[row]!;
        }
      }
      const x = tf.tensor2d(content, [rows, size]);
      const outputs = runOutputs('L2Normalize', { x }, { epsilon });
      const [y, inverseNorm] = outputs as [tf.Tensor, tf.Tensor];
      const dy = tf.tensor2d(upstream, [rows, size]);
      const gradient = runKernel('L2NormalizeGrad', { dy, y, inverseNorm }, { epsilon }).dataSync();
      expect(relativeError(y.dataSync(), unit)).toBeLessThan(1e-6);
      // Below 1e-38 float32 has fewer digits.
      expect(relativeError(inverseNorm.dataSync(), inverse)).toBeLessThan(exponent < 37 ? 1e-6 : 1e-3);
      const rest = 1e-6 * Math.hypot(...upstream) * Math.max(...inverse);
      const difference = Math.hypot(...gradient.map((value, place) => value - dx[place]!));
      expect(difference).toBeLessThanOrEqual(1e-5 * Math.hypot(...dx) + rest + 1e-42);
      tf.dispose([x, dy, y, inverseNorm]);
    };
    fc.assert(fc.property(cases, check), { numRuns: 200, seed: 8 });
  });

  it('confines non-finite values to their row', () => {
    const x = tf.tensor2d([Number.NaN, 1, 3, 4], [2, 2]);
    const [y, inverse] = valuesOf(runOutputs('L2Normalize', { x }, { epsilon }));
    expect([...y!]).toEqual([Number.NaN, Number.NaN, Math.fround(0.6), Math.fround(0.8)]);
    expect(inverse![0]).toBeNaN();
  });

  it('leaks no memory', () => {
    const x = random([5, 7], 1);
    const inverseNorm = random([5], 2);
    expectNoLeak(() => runOutputs('L2Normalize', { x }, { epsilon }));
    expectNoLeak(() => runKernel('L2NormalizeGrad', { dy: x, y: x, inverseNorm }, { epsilon }));
  });
});

describe('normalizeRows of @openset/core', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  const rows = () => {
    const sizes = [1e-45, 1e-38, 1e-20, 1e-6, 9.9e-6, 1e-5, 1.01e-5, 1, 1e20, 3e38, 0];
    return tf.tensor2d(
      sizes.flatMap((size) => [size, -size, size / 2, 0].map(Math.fround)),
      [sizes.length, 4],
    );
  };

  it('agrees with the version on operations', () => {
    const byKernel = Object.values(normalizeRows(rows()));
    const kernel = tf.getKernel('L2Normalize', 'wasm');
    tf.unregisterKernel('L2Normalize', 'wasm');
    const byOperations = Object.values(normalizeRows(rows()));
    tf.registerKernel(kernel);
    expect(byKernel.map(({ shape }) => shape)).toEqual(byOperations.map(({ shape }) => shape));
    const [found, expected] = [valuesOf(byKernel), valuesOf(byOperations)];
    expect(relativeError(found[0]!, expected[0]!)).toBeLessThan(1e-6);
    expect(relativeError(found[1]!, expected[1]!)).toBeLessThan(1e-6);
    expect(found.slice(2)).toEqual(expected.slice(2));
  });

  it('has a gradient', () => {
    const x = random([3, 4], 1) as tf.Tensor2D;
    const gradient = tf.grad((from) => tf.sum(tf.mul(normalizeRows(from as tf.Tensor2D).unit, x)))(x);
    // x̂ · x is the norm of each row, and x̂ its gradient.
    expect(relativeError(gradient.dataSync(), normalizeRows(x).unit.dataSync())).toBeLessThan(1e-5);
  });

  it('computes the same bits in any order of chunks', () => {
    const [x, dy] = [random([1000, 131], 1), random([1000, 131], 2)];
    const run = () => {
      const [y, inverseNorm] = runOutputs('L2Normalize', { x }, { epsilon }) as [tf.Tensor, tf.Tensor];
      const dx = runKernel('L2NormalizeGrad', { dy, y, inverseNorm }, { epsilon });
      return valuesOf([y, inverseNorm, dx]);
    };
    expectSameValues(withChunksInReverse(run), run());
  });
});
