import { ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  clippedNorms,
  measureQuality,
  qualityOfNorms,
  readQuality,
  updateStatistics,
} from './norm-statistics.ts';

const values = (tensor: tf.Tensor) => [...tensor.dataSync()];

describeOnBackends('statistics of norms', () => {
  it('are taken of norms within [0.001, 100], of at least 2 rows', () => {
    tf.tidy(() => {
      const norms = values(clippedNorms(tf.tensor2d([3, 4, 0, 0, 600, 800], [3, 2])));
      for (const [index, expected] of [5, 0.001, 100].entries())
        expect(norms[index]).toBeCloseTo(expected, 5);
      expect(() => clippedNorms(tf.ones([1, 2]))).toThrow(ShapeError);
      const options = { concentration: 1, statisticsMomentum: 0.1 };
      expect(() => readQuality([1, 1], 1, { normMean: [1], normStd: [1] }, options)).toThrow(ShapeError);
    });
  });

  it('blend the mean and the deviation of a batch into the running ones', () => {
    tf.tidy(() => {
      const running = { normMean: tf.tensor1d([20]), normStd: tf.tensor1d([100]) };
      // Mean 4, deviation √((9 + 1 + 4) / 2) = √7.
      const after = updateStatistics(running, tf.tensor1d([1, 5, 6]), 0.25);
      expect(values(after.normMean)[0]).toBeCloseTo(0.25 * 4 + 0.75 * 20, 5);
      expect(values(after.normStd)[0]).toBeCloseTo(0.25 * Math.sqrt(7) + 0.75 * 100, 4);
      expect(values(running.normMean)).toEqual([20]);
    });
  });

  it('turn norms into qualities from −1 to 1', () => {
    tf.tidy(() => {
      const statistics = { normMean: tf.tensor1d([10]), normStd: tf.tensor1d([1.999]) };
      const quality = values(qualityOfNorms(tf.tensor1d([1, 8, 10, 11, 90]), statistics, 0.5));
      for (const [index, expected] of [-1, -0.5, 0, 0.25, 1].entries()) {
        expect(quality[index]).toBeCloseTo(expected, 5);
      }
    });
  });

  it('have no deviation to divide by where all norms are equal: the quality stays finite', () => {
    tf.tidy(() => {
      const none = { normMean: tf.tensor1d([3]), normStd: tf.tensor1d([0]) };
      const after = updateStatistics(none, tf.tensor1d([3, 3]), 1);
      expect(values(qualityOfNorms(tf.tensor1d([3, 3]), after, 0.333))).toEqual([0, 0]);
    });
  });

  it('and qualities are the same in float64, with more digits', () => {
    const rows = [3, 4, 0, 0.0001, 600, 800, 0, 5.0001];
    const options = { concentration: 0.5, statisticsMomentum: 0.25 };
    const running = { normMean: [5], normStd: [2] };
    const exact = readQuality(rows, 4, running, options);
    // Norms 5, 0.001, 100, 5.0001; their mean and deviation.
    const norms = [5, 0.001, 100, 5.0001];
    const mean = norms.reduce((sum, norm) => sum + norm / 4, 0);
    const deviation = Math.sqrt(norms.reduce((sum, norm) => sum + (norm - mean) ** 2 / 3, 0));
    const divisor = 0.25 * deviation + 0.75 * 2 + 0.001;
    expect(exact[0]).toBeCloseTo((0.5 * (5 - (0.25 * mean + 0.75 * 5))) / divisor, 12);
    expect(exact[2]).toBe(1);
    tf.tidy(() => {
      const before = { normMean: tf.tensor1d([5]), normStd: tf.tensor1d([2]) };
      const { quality } = measureQuality(tf.tensor2d(rows, [4, 2]), before, options);
      for (const [row, value] of values(quality).entries()) expect(value).toBeCloseTo(exact[row]!, 5);
    });
  });
});
