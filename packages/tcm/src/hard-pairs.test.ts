import { pairCosines } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { findHardPairs, marginLossOfPairs } from './hard-pairs.ts';

const margins = { positiveWeight: 2, negativeWeight: 3, positiveMargin: 0.9, negativeMargin: 0.5 };
// Directions of 0°, 60°, 50° and 170°.
const rows = () =>
  tf.tensor2d(
    [0, 60, 50, 170].map((degrees) => [0, 90].map((turn) => Math.cos(((degrees - turn) * Math.PI) / 180))),
  );
const labels = () => tf.tensor1d([0, 0, 1, 1], 'int32');
const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180);

describeOnBackends('hard pairs', () => {
  it('are those of one class below m⁺, and of different classes above m⁻, in both orders', () => {
    tf.tidy(() => {
      const { positive, negative } = findHardPairs(pairCosines(rows()), labels(), margins);
      // Same class: 60° and 120°. Different: 50° and 10° count, 170° and 110° do not.
      expect([...positive.dataSync()]).toEqual([0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]);
      expect([...negative.dataSync()]).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
    });
  });

  it('cost their mean distance from the margins, at any length of the embeddings', () => {
    tf.tidy(() => {
      const positive = 0.9 - (cosine(60) + cosine(120)) / 2;
      const negative = (cosine(50) + cosine(10)) / 2 - 0.5;
      const loss = marginLossOfPairs(tf.mul(rows(), 7), labels(), margins);
      expect(loss.dataSync()[0]).toBeCloseTo(2 * positive + 3 * negative, 5);
    });
  });

  it('have a loss of 0 in a batch without pairs', () => {
    tf.tidy(() => {
      const alone = marginLossOfPairs(tf.tensor2d([[3, 4]]), tf.tensor1d([0], 'int32'), margins);
      expect(alone.dataSync()[0]).toBe(0);
    });
  });
});
