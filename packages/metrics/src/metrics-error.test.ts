import { describe, expect, it } from 'vitest';
import * as metrics from './index.ts';

const { MetricsError } = metrics;

it('is an Error with its own name', () => {
  const error = new MetricsError('what and why');
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('MetricsError');
  expect(String(error)).toBe('MetricsError: what and why');
});

// Every metric of pairs takes the same two arrays and must reject the same input.
const metricsOfPairs = {
  rocCurve: metrics.rocCurve,
  areaUnderCurve: metrics.areaUnderCurve,
  equalErrorRate: metrics.equalErrorRate,
  bestAccuracy: metrics.bestAccuracy,
  tarAtFar: (similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>) =>
    metrics.tarAtFar(similarities, isSame, 0.1),
  accuracyAt: (similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>) =>
    metrics.accuracyAt(similarities, isSame, 0.5),
  kFoldVerification: (similarities: ArrayLike<number>, isSame: ArrayLike<boolean | number>) =>
    metrics.kFoldVerification(similarities, isSame, { folds: 2 }),
};

describe.each(Object.entries(metricsOfPairs))('%s', (_name, metric) => {
  it('rejects invalid pairs', () => {
    expect(() => metric([], [])).toThrow(/similarities is empty/);
    expect(() => metric([0.5, 0.25], [])).toThrow(/isSame is empty/);
    expect(() => metric([0.5, 0.25], [1, 0, 1])).toThrow(/isSame has 3 elements.*\(2\) requires 2/);
    expect(() => metric([0.5, Number.NaN], [1, 0])).toThrow(/similarities\[1\] is NaN/);
    expect(() => metric([Number.POSITIVE_INFINITY, 0], [1, 0])).toThrow(/similarities\[0\] is Infinity/);
    expect(() => metric([0.5, 0.25], [1, -1])).toThrow(/isSame\[1\] is -1, but must be true or 1/);
    expect(() => metric(undefined as unknown as number[], [1, 0])).toThrow(/must be an array/);
    expect(() => metric({} as unknown as number[], [1, 0])).toThrow(/dataSync/);
    expect(() => metric([0.5, Number.NaN], [1, 0])).toThrow(MetricsError);
  });

  it('accepts booleans and numbers, plain and typed arrays', () => {
    const similarities = [0.75, 0.5, 0.25, -0.5];
    const expected = metric(similarities, [true, false, true, false]);
    expect(metric(new Float32Array(similarities), new Uint8Array([1, 0, 1, 0]))).toEqual(expected);
    expect(metric(new Float64Array(similarities), [1, 0, 1, 0])).toEqual(expected);
  });

  it('does not change its input', () => {
    const similarities = new Float64Array([0.25, -0.5, 0.75, 0.5]);
    metric(similarities, [1, 0, 1, 0]);
    expect([...similarities]).toEqual([0.25, -0.5, 0.75, 0.5]);
  });
});

describe.each(['rocCurve', 'areaUnderCurve', 'equalErrorRate', 'tarAtFar'] as const)('%s', (name) => {
  it('needs both kinds of pairs', () => {
    const metric = metricsOfPairs[name];
    expect(() => metric([0.5, 0.25], [1, 1])).toThrow(/found 2 and 0: add the missing kind/);
    expect(() => metric([0.5, 0.25], [0, 0])).toThrow(/found 0 and 2: add the missing kind/);
  });
});
