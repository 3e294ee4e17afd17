import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { pairCosines, pairDifferences } from './pair-cosines.ts';

describeOnBackends('the pairs of a batch', () => {
  it('have the cosines of their directions', () => {
    tf.tidy(() => {
      const cosines = [
        ...pairCosines(
          tf.tensor2d([
            [3, 4],
            [2, 0],
            [0, -5],
          ]),
        ).dataSync(),
      ];
      for (const [index, expected] of [1, 0.6, -0.8, 0.6, 1, 0, -0.8, 0, 1].entries()) {
        expect(cosines[index]).toBeCloseTo(expected, 6);
      }
    });
  });

  it('pass a gradient to both samples, through the normalisation', () => {
    tf.tidy(() => {
      const embeddings = tf.tensor2d([
        [3, 4],
        [2, 0],
      ]);
      const slopes = tf.tensor2d([
        [0, 1],
        [0, 0],
      ]);
      const gradient = tf.grad((x) => pairCosines(x as tf.Tensor2D))(embeddings, slopes);
      // d cos / dx = (ŷ − cos · x̂) / ‖x‖ with cos = 0.6: (1 − 0.36, −0.48) / 5 and (0.6 − 0.6, 0.8) / 2.
      for (const [index, expected] of [0.128, -0.096, 0, 0.4].entries()) {
        expect(gradient.dataSync()[index]).toBeCloseTo(expected, 6);
      }
    });
  });

  it('have the differences of their values', () => {
    tf.tidy(() => {
      const differences = pairDifferences(tf.tensor1d([1, 4, 2]));
      expect([...differences.dataSync()]).toEqual([0, -3, -1, 3, 0, 2, 1, -2, 0]);
    });
  });
});
