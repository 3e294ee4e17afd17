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
import { expectNoLeak, random, relativeError, values } from './__fixtures__/run-kernel.ts';
import './index.ts';
import type { WasmBackend } from './wasm-backend.ts';

interface Case {
  shape: number[];
  scaled: boolean;
  shifted: boolean;
  /** Mean of the data. Their deviation is about 1. */
  mean: number;
  epsilon: number;
}

/** Computes the layer and its gradients in float64 from float32 data. */
function reference({ shape, scaled, shifted, epsilon, mean: center }: Case) {
  const size = tf.util.sizeFromShape(shape);
  const channels = shape.at(-1)!;
  const rows = size / channels;
  const x = values(size, 1).map((value) => center + 2 * value);
  const dy = values(size, 2);
  const scale = values(channels, 3);
  const offset = values(channels, 4);
  const list = () => new Float64Array(channels);
  const [mean, variance, dScale, dOffset] = [list(), list(), list(), list()];
  x.forEach((value, index) => {
    mean[index % channels]! += value / rows;
  });
  x.forEach((value, index) => {
    variance[index % channels]! += (value - mean[index % channels]!) ** 2 / rows;
  });
  const inverse = variance.map((value) => 1 / Math.sqrt(value + epsilon));
  const factor = inverse.map((value, channel) => value * (scaled ? scale[channel]! : 1));
  const unit = Float64Array.from(x, (value, index) => {
    const channel = index % channels;
    return (value - mean[channel]!) * inverse[channel]!;
  });
  const y = unit.map((value, index) => {
    const channel = index % channels;
    return value * (scaled ? scale[channel]! : 1) + (shifted ? offset[channel]! : 0);
  });
  const [scaleTerms, offsetTerms] = [list(), list()];
  dy.forEach((gradient, index) => {
    dOffset[index % channels]! += gradient;
    offsetTerms[index % channels]! += Math.abs(gradient);
    dScale[index % channels]! += gradient * unit[index]!;
    scaleTerms[index % channels]! += Math.abs(gradient * unit[index]!);
  });
  const dx = unit.map((value, index) => {
    const channel = index % channels;
    return factor[channel]! * (dy[index]! - dOffset[channel]! / rows - (value * dScale[channel]!) / rows);
  });
  const terms = unit.map((_, index) => factor[index % channels]! * dy[index]!);
  return {
    ...{ x, dy, scale, offset, mean, variance, y },
    dx: { gradient: dx, terms },
    dScale: { gradient: dScale, terms: scaleTerms },
    dOffset: { gradient: dOffset, terms: offsetTerms },
  };
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function tensorsOf({ shape, scaled, shifted }: Case, { x, dy, scale, offset }: ReturnType<typeof reference>) {
  return {
    x: tf.tensor(x, shape),
    dy: tf.tensor(dy, shape),
    ...(scaled && { scale: tf.tensor1d(scale) }),
    ...(shifted && { offset: tf.tensor1d(offset) }),
  };
}

function check(test: Case): void {
  const expected = reference(test);
  const { dy, ...inputs } = tensorsOf(test, expected);
  const attributes = { varianceEpsilon: test.epsilon };
  const outputs = runOutputs('BatchNormTraining', inputs, attributes);
  const [y, mean, variance, meanError] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  expect(outputs.map(({ shape }) => shape)).toEqual([inputs.x.shape, ...Array(3).fill(mean.shape)]);
  const statistics = [mean, variance].map((tensor) => tensor.dataSync());
  expect(relativeError(statistics[0]!, expected.mean)).toBeLessThanOrEqual(1e-6);
  // The variance of one row is zero, and the reference has only rounding errors.
  if (tf.util.sizeFromShape(test.shape) > test.shape.at(-1)!) {
    expect(relativeError(statistics[1]!, expected.variance)).toBeLessThanOrEqual(1e-6);
  } else {
    expect(statistics[1]!.every((value) => value === 0)).toBe(true);
  }
  expect(relativeError(y.dataSync(), expected.y)).toBeLessThanOrEqual(1e-5);
  const { x, scale } = inputs as { x: tf.Tensor; scale?: tf.Tensor };
  const gradients = valuesOf(
    runOutputs(
      'BatchNormTrainingGrad',
      { dy, x, mean, variance, meanError, ...(scale && { scale }) },
      attributes,
    ),
  );
  // With few rows, the terms almost cancel.
  for (const [index, { gradient, terms }] of [expected.dx, expected.dScale, expected.dOffset].entries()) {
    const difference = norm(gradient.map((value, place) => gradients[index]![place]! - value));
    expect(difference).toBeLessThanOrEqual(1e-5 * norm(gradient) + 1e-6 * norm(terms));
  }
  tf.dispose([dy, ...Object.values(inputs), y, mean, variance, meanError]);
}

describeBothWays('BatchNormTraining', () => {
  const cases: fc.Arbitrary<Case> = fc.record({
    shape: fc
      .tuple(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 16, 33),
      )
      .map(([outer, channels]) => [...outer, channels]),
    scaled: fc.boolean(),
    shifted: fc.boolean(),
    mean: fc.constantFrom(0, 3, -100),
    epsilon: fc.constantFrom(1e-5, 1e-3, 0.1),
  });

  it('agrees with the definition in float64', () => {
    fc.assert(fc.property(cases, check), { numRuns: 300, seed: 6 });
  });

  const layers = [
    [50_000, 1],
    [4, 60, 60, 3],
    [9, 28, 28, 65],
    [128, 1001],
    [3, 14, 14, 512],
    [2, 5000],
  ];
  it.each(layers.map((shape) => ({ shape })))('agrees with the definition for shape $shape', ({ shape }) => {
    for (const mean of [0, 1000]) check({ shape, scaled: true, shifted: true, mean, epsilon: 1e-5 });
  });

  it('computes the variance of data far from zero', () => {
    // Multiples of 1/16 near a million are exact in float32, so the variance is known exactly.
    const steps = Float64Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 10_000);
    const mean = steps.reduce((sum, step) => sum + step, 0) / 10_000 / 16;
    const variance = steps.reduce((sum, step) => sum + (step / 16 - mean) ** 2, 0) / 10_000;
    const content = Float32Array.from(steps, (step) => 1e6 + step / 16);
    const x = tf.tensor2d(content, [10_000, 1]);
    const [y, means, variances] = valuesOf(runOutputs('BatchNormTraining', { x }, { varianceEpsilon: 0 }));
    expect(means![0]).toBe(Math.fround(1e6 + mean));
    expect(Math.abs(variances![0]! / variance - 1)).toBeLessThan(1e-7);
    const expected = steps.map((step) => (step / 16 - mean) / Math.sqrt(variance));
    expect(relativeError(y!, expected)).toBeLessThan(1e-6);
    x.dispose();
  });

  it('computes the variance if the first row is far from the others', () => {
    const content = values(30_000, 1);
    content[0] = 1e5;
    const x = tf.tensor2d(content, [30_000, 1]);
    const mean = content.reduce((sum, value) => sum + value, 0) / 30_000;
    const variance = content.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 30_000;
    const [, , variances] = valuesOf(runOutputs('BatchNormTraining', { x }, { varianceEpsilon: 0 }));
    expect(Math.abs(variances![0]! / variance - 1)).toBeLessThan(1e-7);
    x.dispose();
  });

  it('confines non-finite values to their channel', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const x = tf.tensor2d([1, bad, 2, 3], [2, 2]);
      const [y, mean, variance] = valuesOf(runOutputs('BatchNormTraining', { x }, { varianceEpsilon: 0 }));
      expect([...y!].map(Number.isNaN)).toEqual([false, true, false, true]);
      expect(mean![0]).toBe(1.5);
      expect(variance![1]).toBeNaN();
      x.dispose();
    }
  });

  it('stays finite for large and small data', () => {
    for (const factor of [1e15, 1e-15, 1e-30]) {
      const x = tf.mul(random([40, 3], 1), factor);
      const dy = random([40, 3], 2);
      const [y, mean, variance, meanError] = runOutputs(
        'BatchNormTraining',
        { x },
        { varianceEpsilon: 1e-5 },
      );
      const inputs = { dy, x, mean: mean!, variance: variance!, meanError: meanError! };
      const gradients = runOutputs('BatchNormTrainingGrad', inputs, { varianceEpsilon: 1e-5 });
      for (const result of valuesOf([y!, mean!, variance!, meanError!, ...gradients])) {
        expect(result.every(Number.isFinite)).toBe(true);
      }
      tf.dispose([x, dy]);
    }
  });

  it('supports data without rows', () => {
    const x = tf.zeros([0, 3]);
    const outputs = runOutputs('BatchNormTraining', { x }, { varianceEpsilon: 1e-5 });
    expect(outputs.map(({ shape }) => shape)).toEqual([[0, 3], [3], [3], [3]]);
    tf.dispose(outputs);
  });

  it('names the mismatched operand', () => {
    const x = tf.zeros([2, 3]);
    const run = (scale: tf.Tensor) => () => runOutputs('BatchNormTraining', { x, scale }, {});
    expect(run(tf.ones([2]))).toThrow(/scale.*\[2\].*\[2,3\].*3 elements/);
    expect(run(tf.ones([3], 'int32'))).toThrow(/scale is int32/);
  });

  it('leaks no memory', () => {
    const x = random([6, 5, 7], 1);
    const scale = random([7], 2);
    expectNoLeak(() =>
      runOutputs('BatchNormTraining', { x, scale, offset: scale }, { varianceEpsilon: 1e-5 }),
    );
    const inputs = { dy: x, x, mean: scale, variance: tf.abs(scale), meanError: scale, scale };
    expectNoLeak(() => runOutputs('BatchNormTrainingGrad', inputs, { varianceEpsilon: 1e-5 }));
  });
});

/** Shapes with odd sizes, one pixel, few rows, and channels that do and do not fill vectors. */
const followedShapes = [
  [2, 1, 1, 1],
  [1, 1, 1, 3],
  [5, 3, 2, 7],
  [3, 3, 3, 6],
  [2, 40, 41, 4],
  [33, 9, 9, 64],
  [40, 2100],
].map((shape) => ({ shape }));

describeBothWays('BatchNormTraining with what follows it', () => {
  const attributes = { varianceEpsilon: 1e-5 };
  const operandsOf = (shape: number[]) => {
    const channels = shape.at(-1)!;
    const [scale, offset, slope] = [3, 4, 5].map((seed) => random([channels], seed)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    return { x: random(shape, 1), dy: random(shape, 2), scale, offset, slope };
  };

  it.each(followedShapes)('computes PReLU as the kernels Prelu and PreluGrad do, for $shape', ({ shape }) => {
    const { x, dy, scale, offset, slope } = operandsOf(shape);
    const [y, mean, variance, meanError] = runOutputs(
      'BatchNormTraining',
      { x, scale, offset, slope },
      attributes,
    ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [plain] = runOutputs('BatchNormTraining', { x, scale, offset }, attributes) as [tf.Tensor];
    expectClose(y, tf.prelu(plain, slope));
    const batch = { x, mean, variance, meanError, scale, offset };
    const [dPlain, dSlope] = runOutputs('PreluGrad', { dy, x: plain, alpha: slope }, {}) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const expected = [...runOutputs('BatchNormTrainingGrad', { ...batch, dy: dPlain }, attributes), dSlope];
    const found = runOutputs('BatchNormTrainingGrad', { ...batch, dy, slope }, attributes);
    expect(found).toHaveLength(4);
    for (const [index, gradient] of found.entries()) expectClose(gradient, expected[index]!);
  });

  it.each(followedShapes)('adds a shortcut, and another gradient of x, for $shape', ({ shape }) => {
    const { x, dy, scale, offset } = operandsOf(shape);
    const other = random(shape, 6);
    const [y, mean, variance, meanError] = runOutputs(
      'BatchNormTraining',
      { x, scale, offset, shortcut: other },
      attributes,
    ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [plain] = runOutputs('BatchNormTraining', { x, scale, offset }, attributes) as [tf.Tensor];
    expectClose(y, tf.add(plain, other));
    const batch = { dy, x, mean, variance, meanError, scale, offset };
    const expected = runOutputs('BatchNormTrainingGrad', batch, attributes);
    const found = runOutputs('BatchNormTrainingGrad', { ...batch, otherGradient: other }, attributes);
    expectClose(found[0]!, tf.add(expected[0]!, other));
    expect(valuesOf(found.slice(1))).toEqual(valuesOf(expected.slice(1)));
  });

  it('moves running statistics towards the mean and the unbiased variance', () => {
    const x = tf.tensor2d([1, 10, 3, 10], [2, 2]);
    const inputs = { x, runningMean: tf.tensor1d([0, 1]), runningVariance: tf.tensor1d([1, 2]) };
    const outputs = runOutputs('BatchNormTraining', inputs, { ...attributes, momentum: 0.75 });
    const [mean, variance] = valuesOf(outputs.slice(4));
    expect([...mean!]).toEqual([0.5, 3.25]);
    expect([...variance!]).toEqual([1.25, 1.5]);
    expect([...inputs.runningMean.dataSync()]).toEqual([0, 1]);
  });

  it('computes a constant channel and one far from zero', () => {
    // A variance of 0, and 1e6 with steps that float32 represents exactly; the mean is not one of its values.
    const x = tf.tensor2d(
      Array.from({ length: 64 }, (_, row) => [5, 1e6 + (row % 4) / 16]),
      [64, 2],
    );
    const slope = tf.tensor1d([0.5, 0.25]);
    const offset = tf.tensor1d([-3, 0]);
    const [y, mean, variance, meanError] = runOutputs('BatchNormTraining', { x, offset, slope }, attributes);
    const values = y!.dataSync();
    const deviation = Math.sqrt(1.25 / 256 + 1e-5);
    for (let row = 0; row < 64; row++) {
      expect(values[2 * row]).toBe(-1.5);
      const normalised = ((row % 4) - 1.5) / 16 / deviation;
      expect(values[2 * row + 1]).toBeCloseTo(normalised > 0 ? normalised : 0.25 * normalised, 5);
    }
    const dy = random([64, 2], 1);
    const batch = { dy, x, mean: mean!, variance: variance!, meanError: meanError!, offset, slope };
    const [dx, , dOffset, dSlope] = valuesOf(runOutputs('BatchNormTrainingGrad', batch, attributes));
    const gradients = dy.dataSync();
    const sum = (column: number, weight: (row: number) => number) =>
      Array.from({ length: 64 }, (_, row) => gradients[2 * row + column]! * weight(row)).reduce(
        (a, b) => a + b,
      );
    expect(dSlope![0]).toBeCloseTo(
      sum(0, () => -3),
      4,
    );
    expect(dOffset![0]).toBeCloseTo(
      sum(0, () => 0.5),
      4,
    );
    expect(dOffset![1]).toBeCloseTo(
      sum(1, (row) => (row % 4 > 1 ? 1 : 0.25)),
      4,
    );
    expect(dx!.every(Number.isFinite)).toBe(true);
  });

  it('overwrites a gradient only on request, and only if nothing else uses its memory', () => {
    const { x, scale, offset, slope } = operandsOf([6, 5, 7]);
    const [, mean, variance, meanError] = runOutputs('BatchNormTraining', { x, scale }, attributes);
    const batch = { x, mean: mean!, variance: variance!, meanError: meanError!, scale, offset };
    const run = (inputs: Record<string, tf.Tensor>, mayOverwrite: boolean) =>
      runOutputs('BatchNormTrainingGrad', { ...batch, ...inputs }, { ...attributes, mayOverwrite })[0]!;
    const memory = ({ dataId }: tf.Tensor) =>
      (tf.backend() as unknown as WasmBackend).getMemoryOffset(dataId);
    for (const extra of [{}, { slope }, { otherGradient: random([6, 5, 7], 3) }]) {
      const dy = random([6, 5, 7], 2);
      const values = dy.dataSync().slice();
      const expected = run({ dy, ...extra }, false);
      expect(dy.dataSync()).toEqual(values);
      const shared = [dy, ...Object.values(extra)].map((each) => tf.clone(each));
      const kept = run({ dy, ...extra }, true);
      expect(memory(kept)).not.toBe(memory(dy));
      expect(dy.dataSync()).toEqual(values);
      tf.dispose(shared);
      const found = run({ dy, ...extra }, true);
      expect([found, kept].map((each) => each.dataSync())).toEqual([
        expected.dataSync(),
        expected.dataSync(),
      ]);
      if (!('otherGradient' in extra)) expect(memory(found)).toBe(memory(dy));
    }
  });

  it('refuses what it cannot compute', () => {
    const [x, list] = [tf.ones([4, 3]), tf.ones([3])];
    const forward = (inputs: Record<string, tf.Tensor>) => () =>
      runOutputs('BatchNormTraining', { x, ...inputs }, attributes);
    expect(forward({ slope: list, shortcut: x })).toThrow(/a slope or a shortcut, but got both/);
    expect(forward({ shortcut: tf.ones([3, 3]) })).toThrow(/shortcut.*\[3,3\].*\[4,3\].*12 elements/);
    expect(forward({ slope: tf.ones([4]) })).toThrow(/slope.*\[4\].*3 elements/);
    const batch = { dy: x, x, mean: list, variance: list, meanError: list };
    const backward = () =>
      runOutputs('BatchNormTrainingGrad', { ...batch, slope: list, otherGradient: x }, attributes);
    expect(backward).toThrow(/a slope or another gradient, but got both/);
  });

  it('leaks no memory', () => {
    const { x, dy, scale, offset, slope } = operandsOf([6, 5, 7]);
    const running = { runningMean: scale, runningVariance: scale };
    expectNoLeak(() => runOutputs('BatchNormTraining', { x, scale, offset, slope, ...running }, attributes));
    const batch = { dy, x, mean: scale, variance: tf.abs(scale), meanError: scale, scale, offset };
    expectNoLeak(() => runOutputs('BatchNormTrainingGrad', { ...batch, slope }, attributes));
    expectNoLeak(() => {
      const fresh = tf.add(dy, 1);
      const outputs = runOutputs(
        'BatchNormTrainingGrad',
        { ...batch, dy: fresh },
        { ...attributes, mayOverwrite: true },
      );
      fresh.dispose();
      return outputs;
    });
  });
});

/** Expects equal values up to rounding, and disposes of neither. */
function expectClose(found: tf.Tensor, expected: tf.Tensor): void {
  expect(found.size).toBe(expected.size);
  const [a, b] = [found.dataSync<'float32'>(), expected.dataSync<'float32'>()];
  let [worst, scale] = [0, 1];
  for (const [index, value] of a.entries()) {
    worst = Math.max(worst, Math.abs(value - b[index]!));
    scale = Math.max(scale, Math.abs(b[index]!));
  }
  expect(worst / scale).toBeLessThan(2e-5);
}

describe('BatchNormTraining', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it('computes the same bits in any order of chunks', () => {
    for (const shape of [
      [5, 50, 50, 16],
      [40, 2001],
    ]) {
      const channels = shape.at(-1)!;
      const [x, dy] = [random(shape, 1), random(shape, 2)];
      const [scale, mean, variance] = [1, 2, 3].map((seed) => tf.abs(random([channels], seed)));
      const run = () => {
        const attributes = { varianceEpsilon: 1e-5 };
        const inputs = {
          dy,
          x,
          mean: mean!,
          variance: variance!,
          meanError: tf.zerosLike(mean!),
          scale: scale!,
        };
        return valuesOf([
          ...runOutputs('BatchNormTraining', { x, scale: scale! }, attributes),
          ...runOutputs('BatchNormTraining', { x, slope: scale! }, attributes),
          ...runOutputs('BatchNormTraining', { x, shortcut: dy }, attributes),
          ...runOutputs('BatchNormTrainingGrad', inputs, attributes),
          ...runOutputs('BatchNormTrainingGrad', { ...inputs, slope: scale! }, attributes),
          ...runOutputs('BatchNormTrainingGrad', { ...inputs, otherGradient: x }, attributes),
        ]);
      };
      expectSameValues(withChunksInReverse(run), run());
    }
  });
});
