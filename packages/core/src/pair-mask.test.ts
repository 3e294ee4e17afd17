import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import { expect, it } from 'vitest';
import { pairMask } from './pair-mask.ts';

function maskOf(rate: number, seed: number, start: number, count: number, batch: number): number[] {
  const mask = pairMask({ rate, seed }, start, count, batch);
  expect(mask.shape).toEqual([count, batch]);
  const values = [...mask.dataSync()];
  mask.dispose();
  return values;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describeOnBackends('pairMask', () => {
  it.each([0.1, 0.5, 0.9])('keeps about the given share: %f', (rate) => {
    const values = maskOf(rate, 1, 0, 500, 64);
    expect(values.every((value) => value === 0 || value === 1)).toBe(true);
    // 32,000 draws: five standard deviations of their mean
    const tolerance = 5 * Math.sqrt((rate * (1 - rate)) / values.length);
    expect(Math.abs(mean(values) - rate)).toBeLessThan(tolerance);
  });

  it('keeps that share of every row and of every class', () => {
    const [count, batch] = [400, 300];
    const values = maskOf(0.5, 2, 0, count, batch);
    const near = (part: number[]) => Math.abs(mean(part) - 0.5) < 5 * Math.sqrt(0.25 / part.length);
    const classes = Array.from({ length: count }, (_, j) => values.slice(j * batch, (j + 1) * batch));
    const rows = Array.from({ length: batch }, (_, row) =>
      values.filter((_, index) => index % batch === row),
    );
    expect(classes.filter((part) => !near(part))).toEqual([]);
    expect(rows.filter((part) => !near(part))).toEqual([]);
  });

  it('draws pairs independently: neighbours agree half of the time', () => {
    const [count, batch] = [400, 300];
    const values = maskOf(0.5, 3, 0, count, batch);
    for (const distance of [1, batch, batch + 1]) {
      const agree = values.slice(distance).map((value, index) => Number(value === values[index]));
      expect(Math.abs(mean(agree) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / agree.length));
    }
  });

  it('keeps all at rate 1 and none at rate 0', () => {
    expect(mean(maskOf(1, 4, 0, 500, 64))).toBe(1);
    expect(mean(maskOf(0, 4, 0, 500, 64))).toBe(0);
  });

  it('depends only on seed, class and row, not on the block', () => {
    const whole = maskOf(0.5, 5, 0, 20, 8);
    expect(maskOf(0.5, 5, 0, 20, 8)).toEqual(whole);
    expect([...maskOf(0.5, 5, 0, 7, 8), ...maskOf(0.5, 5, 7, 13, 8)]).toEqual(whole);
    expect(maskOf(0.5, 6, 0, 20, 8)).not.toEqual(whole);
    // A higher rate keeps every pair that a lower one keeps.
    const fewer = maskOf(0.25, 5, 0, 20, 8);
    expect(fewer.every((value, index) => value <= whole[index]!)).toBe(true);
  });
});
