import { type BatchStatisticsExchange, ShapeError, withBatchStatistics } from '@openset/core';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { smallCnn } from '../small-cnn.ts';
import type { BatchNormFollower } from './batch-norm-operands.ts';
import { batchNormTraining, batchNormTrainingWithShortcut } from './batch-norm-training.ts';

const epsilon = 1e-5;

/** What a part of a batch computes: arrays by name. */
type Results = Readonly<Record<string, Float32Array>>;

/**
 * Runs parts of a batch that exchange sums, in one thread: again and again, each time with the sums of one more exchange.
 * @param parts compute their results anew in each call
 */
function runTogether(
  parts: readonly { hasRows?: boolean; run: (exchange: BatchStatisticsExchange) => Results }[],
): { results: Results[]; exchanges: number } {
  const sums: Float64Array[] = [];
  for (;;) {
    const calls = parts.map(() => [] as Float64Array[]);
    const results = parts.map(({ hasRows = true, run }, index) => {
      const sum = (values: Float64Array) => {
        const known = sums[calls[index]!.length];
        calls[index]!.push(values.slice());
        if (known) values.set(known);
        // Anything that the computation goes on with; the first of the values may be a count.
        else values[0]! += 2;
      };
      return run({ hasRows, sum });
    });
    const [first] = calls;
    expect(new Set(calls.map(({ length }) => length)).size).toBe(1);
    if (first!.length === sums.length) return { results, exchanges: sums.length };
    const next = sums.length;
    sums.push(first![next]!.map((_, place) => calls.reduce((sum, own) => sum + own[next]![place]!, 0)));
  }
}

/** Values and gradients of a batch norm for rows of a batch. */
function normalizeRows(
  x: tf.Tensor,
  dy: tf.Tensor,
  kind: 'plain' | 'prelu' | 'sum' | 'shortcut',
  exchange: BatchStatisticsExchange | null,
): Results {
  const arrays: Record<string, Float32Array> = {};
  tf.tidy(() => {
    const channels = x.shape.at(-1)!;
    const scale = tf.randomNormal([channels], 1, 0.3, 'float32', 2);
    const offset = tf.randomNormal([channels], 0, 1, 'float32', 3);
    const slope = tf.randomUniform([channels], 0.1, 0.9, 'float32', 4);
    const running = { mean: tf.variable(tf.ones([channels])), variance: tf.variable(tf.ones([channels])) };
    const norm = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, slope: tf.Tensor) => {
      const parameters = {
        ...{ scale: scale as tf.Tensor1D, offset: offset as tf.Tensor1D, epsilon },
        running: { ...running, momentum: 0.9 },
      };
      if (kind === 'shortcut') {
        const [y, shortcut] = batchNormTrainingWithShortcut(x, parameters);
        return tf.add(tf.mul(y, slope), shortcut);
      }
      const followers: Record<string, BatchNormFollower> = {
        prelu: { kind: 'prelu', slope },
        sum: { kind: 'sum', shortcut: tf.mul(x, slope) },
      };
      const y = batchNormTraining(x, parameters, followers[kind]);
      return kind === 'plain' ? tf.mul(y, slope) : y;
    };
    const inputs = [x, scale, offset, slope];
    const compute = () => {
      const run = (...args: tf.Tensor[]) => norm(args[0]!, args[1]!, args[2]!, args[3]!);
      arrays.y = run(...inputs).dataSync<'float32'>();
      arrays.runningMean = running.mean.dataSync<'float32'>();
      arrays.runningVariance = running.variance.dataSync<'float32'>();
      const gradients = tf.grads((...args) => tf.sum(tf.mul(run(...args), dy)))(inputs);
      for (const [index, name] of ['x', 'scale', 'offset', 'slope'].entries())
        arrays[`d_${name}`] = gradients[index]!.dataSync<'float32'>();
    };
    if (exchange) withBatchStatistics(exchange, compute);
    else compute();
    tf.dispose([running.mean, running.variance]);
  });
  return arrays;
}

const join = (parts: readonly Results[], name: string) =>
  Float32Array.from(parts.flatMap((part) => [...part[name]!]));
const add = (parts: readonly Results[], name: string) =>
  parts[0]![name]!.map((_, place) => parts.reduce((sum, part) => sum + part[name]![place]!, 0));

/** Runs rows of a batch in parts, and a part without rows. */
function inParts(
  x: tf.Tensor,
  dy: tf.Tensor,
  sizes: readonly number[],
  kind: Parameters<typeof normalizeRows>[2],
) {
  const slices = (tensor: tf.Tensor) => tf.split(tensor, [...sizes]);
  const [xs, dys] = [slices(x), slices(dy)];
  const [oneX, oneDy] = [1, 2].map(() => tf.zeros([1, ...x.shape.slice(1)])) as [tf.Tensor, tf.Tensor];
  const together = runTogether([
    ...xs.map((part, index) => ({
      run: (exchange: BatchStatisticsExchange) => normalizeRows(part, dys[index]!, kind, exchange),
    })),
    { hasRows: false, run: (exchange) => normalizeRows(oneX, oneDy, kind, exchange) },
  ]);
  tf.dispose([xs, dys, oneX, oneDy]);
  return together;
}

describeOnBackends('batch norm of several parts of a batch', () => {
  it.each(['plain', 'prelu', 'sum', 'shortcut'] as const)(
    'equals that of the whole batch, forward and backward: %s',
    (kind) => {
      const shape = [7, 3, 2, 5];
      const x = tf.tidy(() => tf.add(tf.mul(tf.randomNormal(shape, 0, 1, 'float32', 1), 3), 5));
      const dy = tf.randomNormal(shape, 0, 1, 'float32', 6);
      const whole = normalizeRows(x, dy, kind, null);
      const { results, exchanges } = inParts(x, dy, [4, 1, 2], kind);
      // Forward, for its value and for the gradients, and backward.
      expect(exchanges).toBe(5);
      const [first] = results;
      const rows = results.slice(0, -1);
      for (const name of ['y', 'd_x'])
        expect(relativeError(join(rows, name), whole[name]!), name).toBeLessThan(1e-5);
      for (const name of ['d_scale', 'd_offset', 'd_slope'])
        expect(relativeError(add(rows, name), whole[name]!), name).toBeLessThan(1e-5);
      for (const name of ['runningMean', 'runningVariance']) {
        expect(relativeError(first![name]!, whole[name]!), name).toBeLessThan(1e-6);
        for (const result of results) expect(result[name]).toEqual(first![name]);
      }
      const { d_x: none } = results.at(-1)!;
      expect([...none!].filter((value) => value !== 0)).toEqual([]);
      tf.dispose([x, dy]);
    },
  );

  it('stays accurate where the mean is a million times the deviation, also between parts', () => {
    // Channel 0: 10,000 with deviations of 0.01; channel 1: constant; channel 2: each part is constant.
    const [count, half] = [64, 24];
    const values = Float32Array.from({ length: 3 * count }, (_, place) => {
      const row = Math.floor(place / 3);
      return [10_000 + 0.01 * Math.sin(row * row), 3, row < half ? -1 : 2][place % 3]!;
    });
    const x = tf.tensor2d(values, [count, 3]);
    const dy = tf.randomNormal([count, 3], 0, 1, 'float32', 6);
    const { results } = inParts(x, dy, [half, count - half], 'plain');
    const [found, whole] = [join(results.slice(0, 2), 'y'), normalizeRows(x, dy, 'plain', null)];
    const [scale, offset, slope] = tf.tidy(() => [
      tf.randomNormal([3], 1, 0.3, 'float32', 2).dataSync(),
      tf.randomNormal([3], 0, 1, 'float32', 3).dataSync(),
      tf.randomUniform([3], 0.1, 0.9, 'float32', 4).dataSync(),
    ]);
    for (let channel = 0; channel < 3; channel++) {
      const column = Array.from({ length: count }, (_, row) => values[3 * row + channel]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / count;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      for (const [row, value] of column.entries()) {
        const normalised = (value - mean) / Math.sqrt(variance + epsilon);
        const expected = slope![channel]! * (scale![channel]! * normalised + offset![channel]!);
        expect(Math.abs(found[3 * row + channel]! - expected), `${row} ${channel}`).toBeLessThan(1e-5);
      }
    }
    expect(results[0]!.runningMean![0]).toBeCloseTo(0.9 + 1000, 3);
    expect(join(results.slice(0, 2), 'd_x').every(Number.isFinite)).toBe(true);
    // The gradient of a channel far from zero, where backends without our kernels lose digits for the whole batch.
    if (tf.getBackend() === 'wasm')
      expect(relativeError(join(results.slice(0, 2), 'd_x'), whole.d_x!)).toBeLessThan(1e-4);
    tf.dispose([x, dy]);
  });

  it('takes one value per channel of each part, but not of all', () => {
    const x = tf.tensor2d([1, 3], [2, 1]);
    const { results } = inParts(x, x, [1, 1], 'sum');
    const whole = normalizeRows(x, x, 'sum', null);
    expect(relativeError(join(results.slice(0, 2), 'y'), whole.y!)).toBeLessThan(1e-6);
    const one = tf.tensor2d([1], [1, 1]);
    expect(() => inParts(one, one, [1], 'plain')).toThrow(ShapeError);
    expect(() => inParts(one, one, [1], 'plain')).toThrow(
      'has 1 value per channel in all parts of the batch together, but needs at least 2',
    );
    tf.dispose([x, one]);
  });

  it('leaks no tensor', () => {
    const x = tf.randomNormal([4, 3]);
    const before = tf.memory().numTensors;
    for (const kind of ['plain', 'prelu', 'sum', 'shortcut'] as const) inParts(x, x, [3, 1], kind);
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });

  it.each([false, true])(
    'a network in parts has the gradients of the whole batch; checkpointing: %s',
    (checkpointing) => {
      const images = tf.randomNormal<tf.Rank.R4>([5, 8, 8, 1], 0, 1, 'float32', 1);
      const weights = tf.randomNormal([5, 4], 0, 1, 'float32', 2);
      const run = (images: tf.Tensor4D, weights: tf.Tensor, exchange: BatchStatisticsExchange | null) => {
        const backbone = smallCnn({ inputSize: 8, channels: 1, width: 2, embeddingSize: 4, checkpointing });
        const arrays: Record<string, Float32Array> = {};
        tf.tidy(() => {
          const forward = () => backbone.forward(images, { training: true });
          // The backward pass runs outside: operations keep what they exchange with.
          const embed = () => (exchange ? withBatchStatistics(exchange, forward) : forward());
          const { grads } = tf.variableGrads(
            () => tf.sum(tf.mul(embed(), weights)) as tf.Scalar,
            [...backbone.trainable],
          );
          for (const [index, { name }] of backbone.trainable.entries())
            arrays[index] = grads[name]!.dataSync<'float32'>();
          for (const [index, variable] of backbone.statistics!.entries())
            arrays[`statistics ${index}`] = variable.dataSync<'float32'>();
        });
        backbone.dispose();
        return arrays;
      };
      const whole = run(images, weights, null);
      const [someImages, otherImages] = tf.split(images, [3, 2]) as [tf.Tensor4D, tf.Tensor4D];
      const [someWeights, otherWeights] = tf.split(weights, [3, 2]) as [tf.Tensor, tf.Tensor];
      const { results, exchanges } = runTogether([
        { run: (exchange) => run(someImages, someWeights, exchange) },
        {
          hasRows: false,
          run: (exchange) => run(tf.zeros([1, 8, 8, 1]), tf.zeros([1, 4]), exchange),
        },
        { run: (exchange) => run(otherImages, otherWeights, exchange) },
      ]);
      const norms = Object.keys(whole).filter((name) => name.startsWith('statistics')).length / 2;
      expect(norms).toBeGreaterThan(1);
      expect(exchanges).toBeGreaterThanOrEqual((checkpointing ? 4 : 3) * norms);
      for (const [name, values] of Object.entries(whole)) {
        const found = name.startsWith('statistics') ? results[1]![name]! : add(results, name);
        expect(relativeError(found, values), name).toBeLessThan(1e-4);
      }
      tf.dispose([images, weights, someImages, otherImages, someWeights, otherWeights]);
    },
  );
});
