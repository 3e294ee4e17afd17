import { operation, stopGradient, weightedSum } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** The norms l and u between which the norm counts, and the margins in radians at both. */
export interface MagnitudeRange {
  readonly lowerNorm: number;
  readonly upperNorm: number;
  readonly lowerMargin: number;
  readonly upperMargin: number;
}

/**
 * Returns `m(a)`, which grows linearly from `lowerMargin` at l to `upperMargin` at u; differentiable, constant outside `[l, u]`.
 * @param norms `[batch]`
 * @returns radians, `[batch]`
 */
export function magnitudeMargins(norms: tf.Tensor1D, range: MagnitudeRange): tf.Tensor1D {
  const { lowerNorm, upperNorm, lowerMargin, upperMargin } = range;
  const slope = (upperMargin - lowerMargin) / (upperNorm - lowerNorm);
  return ofClippedNorms(norms, range, {
    value: (norm) => tf.add(tf.mul(tf.sub(norm, lowerNorm), slope), lowerMargin),
    derivative: (norm) => tf.fill(norm.shape, slope),
  });
}

/**
 * Returns `g(a) = a / u² + 1 / a`, which is smallest at u; differentiable, constant outside `[l, u]`.
 * @param norms `[batch]`
 * @returns `[batch]`
 */
export function magnitudeRegularizers(norms: tf.Tensor1D, range: MagnitudeRange): tf.Tensor1D {
  const square = range.upperNorm ** 2;
  return ofClippedNorms(norms, range, {
    value: (norm) => tf.add(tf.div(norm, square), tf.reciprocal(norm)),
    derivative: (norm) => tf.sub(1 / square, tf.reciprocal(tf.square(norm))),
  });
}

/** Returns the loss of a batch, and the losses of its samples, with `weight · terms` added; `terms` is `[batch]`, differentiable. */
export function addRowTerms(
  { loss, rowLosses }: { loss: tf.Scalar; rowLosses: tf.Tensor1D },
  terms: tf.Tensor1D,
  weight: number,
): { loss: tf.Scalar; rowLosses: tf.Tensor1D } {
  // tf.mean has no gradient in plain tfjs-core.
  const mean = operation<tf.Scalar>(
    [terms],
    () => ({ value: tf.mean(terms) as tf.Scalar }),
    (dy) => [tf.mul(tf.fill(terms.shape, 1 / terms.size), dy)],
  );
  return {
    loss: weightedSum([loss, mean], [1, weight]),
    rowLosses: stopGradient<tf.Tensor1D>(() => tf.add(rowLosses, tf.mul(terms, weight))),
  };
}

/** Returns a function of the norms, clipped to `[l, u]`, without a gradient outside; `[batch]`. */
function ofClippedNorms(
  norms: tf.Tensor1D,
  { lowerNorm, upperNorm }: MagnitudeRange,
  of: { value: (norm: tf.Tensor) => tf.Tensor; derivative: (norm: tf.Tensor) => tf.Tensor },
): tf.Tensor1D {
  return operation<tf.Tensor1D>(
    [norms],
    () => {
      const clipped = tf.clipByValue(norms, lowerNorm, upperNorm);
      const inside = tf.cast(tf.equal(clipped, norms), 'float32');
      return { value: of.value(clipped) as tf.Tensor1D, saved: [tf.mul(of.derivative(clipped), inside)] };
    },
    (dy, [slope]) => [tf.mul(dy, slope as tf.Tensor1D)],
  );
}
