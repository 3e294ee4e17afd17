import * as tf from '@tensorflow/tfjs-core';

/** Norms below this count as this: `x / max(‖x‖, 1e-5)`, as in the papers' code. */
export const minimumNorm = 1e-5;

/** Rows scaled to unit length and what the gradient through that needs. */
export interface NormalizedRows {
  /** `[rows, size]`: `x / max(‖x‖, 1e-5)`. */
  readonly unit: tf.Tensor2D;
  /** `[rows, 1]`: `1 / max(‖x‖, 1e-5)`. */
  readonly inverseNorm: tf.Tensor2D;
  /** `[rows, 1]` float32: 1 where the norm is above the minimum (the gradient is projected there), else 0. */
  readonly projected: tf.Tensor2D;
  /** `[rows, 1]` float32: 0 for a row of zeros, else 1. */
  readonly nonZero: tf.Tensor2D;
}

/**
 * Normalises rows without overflow or underflow for any finite float32: a row is first divided by its largest
 * magnitude, so that embeddings of 1e-20 and 1e20 are safe where `sqrt(sum(x²))` is not.
 */
export function normalizeRows(rows: tf.Tensor2D): NormalizedRows {
  const largest = tf.max(tf.abs(rows), 1, true);
  const safe = tf.maximum(largest, 1e-30);
  const scaled = tf.div(rows, safe);
  // Zero rows give 1/0 = ∞ here, and the minimum below takes the finite side.
  const toUnit = tf.div(1, tf.sqrt(tf.sum(tf.square(scaled), 1, true)));
  const toFloor = tf.div(safe, minimumNorm);
  const factor = tf.minimum(toUnit, toFloor);
  return {
    unit: tf.mul(scaled, factor) as tf.Tensor2D,
    inverseNorm: tf.div(factor, safe) as tf.Tensor2D,
    projected: tf.cast(tf.less(toUnit, toFloor), 'float32') as tf.Tensor2D,
    nonZero: tf.cast(tf.greater(largest, 0), 'float32') as tf.Tensor2D,
  };
}

/**
 * The gradient through `normalizeRows`: `(g − (g · x̂) x̂) / ‖x‖`; where the norm is below the minimum the
 * divisor is a constant and nothing is projected out.
 * @param radial `[rows, 1]`: `g · x̂` of each row
 */
export function normalizeRowsGradient(
  { unit, inverseNorm, projected }: NormalizedRows,
  gradient: tf.Tensor2D,
  radial: tf.Tensor2D,
): tf.Tensor2D {
  return tf.mul(tf.sub(gradient, tf.mul(tf.mul(radial, projected), unit)), inverseNorm);
}
