import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { addRowTerms, magnitudeMargins, magnitudeRegularizers } from './magnitude.ts';

const range = { lowerNorm: 2, upperNorm: 6, lowerMargin: 0.1, upperMargin: 0.5 };
// Below l, at l, between, at u and beyond.
const norms = () => tf.tensor1d([1, 2, 4, 6, 9]);

function expectClose(tensor: tf.Tensor, expected: readonly number[]): void {
  const values = [...tensor.dataSync()];
  expect(values).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(values[index]).toBeCloseTo(value, 6);
}

describeOnBackends('the magnitude of embeddings', () => {
  it('gives margins that grow from l to u, without a gradient outside', () => {
    tf.tidy(() => {
      expectClose(magnitudeMargins(norms(), range), [0.1, 0.1, 0.3, 0.5, 0.5]);
      const gradient = tf.grad((x) => magnitudeMargins(x as tf.Tensor1D, range))(norms());
      expectClose(gradient, [0, 0.1, 0.1, 0.1, 0]);
    });
  });

  it('gives regularizers a / 36 + 1 / a, without a gradient outside', () => {
    tf.tidy(() => {
      const g = (a: number) => a / 36 + 1 / a;
      expectClose(magnitudeRegularizers(norms(), range), [g(2), g(2), g(4), g(6), g(6)]);
      const gradient = tf.grad((x) => magnitudeRegularizers(x as tf.Tensor1D, range))(norms());
      expectClose(gradient, [0, 1 / 36 - 1 / 4, 1 / 36 - 1 / 16, 0, 0]);
    });
  });

  it('adds terms to the losses of samples, and their mean to the loss', () => {
    tf.tidy(() => {
      const scored = { loss: tf.scalar(3), rowLosses: tf.tensor1d([2, 4]) };
      const { loss, rowLosses } = addRowTerms(scored, tf.tensor1d([1, 5]), 10);
      expectClose(loss, [3 + 10 * 3]);
      expectClose(rowLosses, [12, 54]);
      const gradient = tf.grad((terms) => addRowTerms(scored, terms as tf.Tensor1D, 10).loss)(
        tf.tensor1d([1, 5]),
      );
      expectClose(gradient, [5, 5]);
    });
  });
});
