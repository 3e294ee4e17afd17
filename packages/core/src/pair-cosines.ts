import * as tf from '@tensorflow/tfjs-core';
import { normalizeRows, normalizeRowsGradient } from './normalize-rows.ts';
import { operation } from './tape.ts';

/**
 * Returns the cosines of all ordered pairs of a batch, differentiable.
 * @param embeddings `[batch, embeddingSize]`, raw
 * @returns `[batch, batch]`
 */
export function pairCosines(embeddings: tf.Tensor2D): tf.Tensor2D {
  return operation<tf.Tensor2D>(
    [embeddings],
    () => {
      const { unit } = normalizeRows(embeddings);
      return { value: tf.matMul(unit, unit, false, true), saved: [embeddings] };
    },
    (dy, [saved]) => {
      const rows = normalizeRows(saved as tf.Tensor2D);
      const direct = tf.matMul(tf.add(dy, tf.transpose(dy)) as tf.Tensor2D, rows.unit) as tf.Tensor2D;
      const radial = tf.sum(tf.mul(direct, rows.unit), 1, true) as tf.Tensor2D;
      return [normalizeRowsGradient(rows, direct, radial)];
    },
  );
}

/**
 * Returns `values[i] − values[j]` of all ordered pairs. Compare these with tensors of their shape: stock tfjs-wasm is slow at
 * expanding the operands of comparisons.
 * @param values `[batch]`
 * @returns `[batch, batch]`
 */
export function pairDifferences(values: tf.Tensor1D): tf.Tensor2D {
  return tf.sub(tf.reshape(values, [-1, 1]), tf.reshape(values, [1, -1]));
}
