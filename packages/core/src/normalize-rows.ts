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
 * Name under which a backend may register a faster kernel. Input: `x` `[rows, size]`. Attribute: `epsilon`, the lower
 * bound of the norm. Outputs: `x / max(‖x‖, epsilon)` and `1 / max(‖x‖, epsilon)` `[rows]`.
 */
export const l2NormalizeKernel = 'L2Normalize';

/**
 * Normalises rows without overflow or underflow for any finite float32. A backend's kernel named `L2Normalize` is
 * used where registered, except on the gradient tape, which has no gradient for it.
 */
export function normalizeRows(rows: tf.Tensor2D): NormalizedRows {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  const taped = gradientDepth > 0 && kernelDepth === 0;
  return taped || !tf.getKernel(l2NormalizeKernel, tf.getBackend()) ? byOperations(rows) : byKernel(rows);
}

function byKernel(x: tf.Tensor2D): NormalizedRows {
  const outputs = tf.engine().runKernel(l2NormalizeKernel, { x }, { epsilon: minimumNorm });
  const [unit, inverse] = outputs as tf.Tensor[] as [tf.Tensor2D, tf.Tensor1D];
  const inverseNorm = tf.reshape(inverse, [x.shape[0], 1]) as tf.Tensor2D;
  const largest = tf.max(tf.abs(unit), 1, true);
  return {
    unit,
    inverseNorm,
    projected: tf.cast(tf.less(inverseNorm, 1 / minimumNorm), 'float32') as tf.Tensor2D,
    nonZero: tf.cast(tf.greater(largest, 0), 'float32') as tf.Tensor2D,
  };
}

/**
 * A row is first divided by its largest magnitude, so that embeddings of 1e-20 and 1e20 are safe where
 * `sqrt(sum(x²))` is not.
 */
function byOperations(rows: tf.Tensor2D): NormalizedRows {
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
