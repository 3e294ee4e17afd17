import * as tf from '@tensorflow/tfjs-core';

/** Lower bound of norms: `x / max(‖x‖, 1e-5)`, as in the papers' code. */
export const minimumNorm = 1e-5;

/** Rows scaled to unit length, and the tensors that the gradient through the normalisation needs. */
export interface NormalizedRows {
  /** `[rows, size]`: `x / max(‖x‖, 1e-5)`. */
  readonly unit: tf.Tensor2D;
  /** `[rows, 1]`: `1 / max(‖x‖, 1e-5)`. */
  readonly inverseNorm: tf.Tensor2D;
  /** `[rows, 1]` float32: 1 if the norm is above the minimum, so that the gradient is projected; else 0. */
  readonly projected: tf.Tensor2D;
  /** `[rows, 1]` float32: 0 for a row of zeros, else 1. */
  readonly nonZero: tf.Tensor2D;
}

/**
 * Name under which a backend may register a faster kernel for `normalizeRows`. Input: `x` `[rows, size]`. Attribute:
 * `epsilon`, the lower bound of the norm. Outputs: `x / max(‖x‖, epsilon)` and `1 / max(‖x‖, epsilon)` `[rows]`.
 */
export const l2NormalizeKernel = 'L2Normalize';

/**
 * Normalises rows without overflow or underflow for any finite float32. Runs the kernel `L2Normalize` of the backend if
 * registered, except on a gradient tape, because the kernel has no registered gradient.
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
 * Divides a row by its largest magnitude first: `sqrt(sum(x²))` would underflow at 1e-20 and overflow at 1e20.
 */
function byOperations(rows: tf.Tensor2D): NormalizedRows {
  const largest = tf.max(tf.abs(rows), 1, true);
  const safe = tf.maximum(largest, 1e-30);
  const scaled = tf.div(rows, safe);
  // A row of zeros gives 1/0 = ∞ here; the minimum below picks the finite value.
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
 * Returns the gradient through `normalizeRows`: `(g − (g · x̂) x̂) / ‖x‖`. Below the minimum norm the divisor is constant,
 * so that nothing is projected out.
 * @param radial `[rows, 1]`: `g · x̂` of each row
 */
export function normalizeRowsGradient(
  { unit, inverseNorm, projected }: NormalizedRows,
  gradient: tf.Tensor2D,
  radial: tf.Tensor2D,
): tf.Tensor2D {
  return tf.mul(tf.sub(gradient, tf.mul(tf.mul(radial, projected), unit)), inverseNorm);
}
