import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { normalValues, randomNumbers, uniformValues } from './initial-values.ts';

function valuesOf(tensor: Tensor2D): number[] {
  const values = [...tensor.dataSync()];
  tensor.dispose();
  return values;
}

/** Returns the mean of the n-th powers. */
const moment = (values: number[], n: number) =>
  values.reduce((sum, value) => sum + value ** n, 0) / values.length;

describeOnBackends('initial values', () => {
  it('depend only on the seed', () => {
    for (const make of [normalValues, uniformValues]) {
      const first = valuesOf(make([3, 5], 1, 7));
      expect(first).toHaveLength(15);
      expect(valuesOf(make([3, 5], 1, 7))).toEqual(first);
      expect(valuesOf(make([3, 5], 1, 8))).not.toEqual(first);
    }
  });

  it('normalValues has the moments of a normal distribution', () => {
    const values = valuesOf(normalValues([200, 501], 2, 1));
    // 100,200 values with σ = 2; tolerances of five standard deviations of each mean
    expect(Math.abs(moment(values, 1))).toBeLessThan(0.032);
    expect(Math.abs(moment(values, 2) - 4)).toBeLessThan(0.09);
    expect(Math.abs(moment(values, 3))).toBeLessThan(0.49);
    expect(Math.abs(moment(values, 4) - 3 * 16)).toBeLessThan(2.5);
    // Neighbours are independent, even the two values of one draw.
    const products = values.slice(1).map((value, index) => value * values[index]!);
    expect(Math.abs(moment(products, 1))).toBeLessThan(0.064);
  });

  it('uniformValues covers [−limit, limit) uniformly', () => {
    const values = valuesOf(uniformValues([200, 500], 0.5, 1));
    expect(values.every((value) => value >= -0.5 && value < 0.5)).toBe(true);
    // variance limit² / 3 = 1/12
    expect(Math.abs(moment(values, 1))).toBeLessThan(0.0046);
    expect(Math.abs(moment(values, 2) - 1 / 12)).toBeLessThan(0.0012);
  });

  it('are the same in one block and in several, and for some of the rows', () => {
    for (const make of [normalValues, uniformValues]) {
      // 300,600 values: more than a block.
      const whole = valuesOf(make([600, 501], 1, 7));
      for (const [start, count] of [
        [0, 600],
        [1, 3],
        [520, 7],
        [597, 3],
      ] as const) {
        const values = valuesOf(make([600, 501], 1, 7, { start, count }));
        expect(values).toEqual(whole.slice(501 * start, 501 * (start + count)));
      }
    }
  });

  it('normalValues fills an odd number of values', () => {
    expect(valuesOf(normalValues([1, 1], 1, 3))).toHaveLength(1);
    expect(valuesOf(normalValues([1, 3], 1, 3)).slice(0, 2)).toEqual(valuesOf(normalValues([1, 2], 1, 3)));
  });

  it('randomNumbers covers [0, 1), with a sequence for each seed', () => {
    const random = randomNumbers(1);
    const values = Array.from({ length: 10_000 }, random);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(new Set(values).size).toBeGreaterThan(9_990);
    const tenths = values.map((value) => Math.floor(10 * value));
    const counts = Array.from({ length: 10 }, (_, tenth) => tenths.filter((each) => each === tenth).length);
    // 1000 each, standard deviation 30
    expect(counts.filter((count) => count < 850 || count > 1150)).toEqual([]);
    // The first number of any implementation of mulberry32 with seed 1.
    expect(values[0]).toBeCloseTo(0.6270739405881613, 12);
  });
});
