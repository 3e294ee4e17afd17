import * as tf from '@tensorflow/tfjs-core';
import { rowsOfLabels } from './class-shard.ts';
import { normalizeRows } from './normalize-rows.ts';
import { stopGradient } from './tape.ts';

/**
 * Returns the cosine of each embedding with the row of its class, without a gradient.
 * @param embeddings `[batch, embeddingSize]`
 * @param labels `[batch]` int32
 * @param bank `[numClasses, embeddingSize]`
 * @returns `[batch]`
 */
export function targetCosines(embeddings: tf.Tensor2D, labels: tf.Tensor1D, bank: tf.Tensor2D): tf.Tensor1D {
  return stopGradient(() => {
    const own = normalizeRows(rowsOfLabels(bank, labels));
    return tf.sum(tf.mul(normalizeRows(embeddings).unit, own.unit), 1) as tf.Tensor1D;
  });
}
