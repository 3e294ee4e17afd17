import * as tf from '@tensorflow/tfjs-core';

/** Inputs of `plainBankLoss`. */
export interface PlainBankLossInputs {
  /** `[batch, embeddingSize]`, not normalised. */
  readonly embeddings: tf.Tensor2D;
  /** `[batch]` int32. */
  readonly labels: tf.Tensor1D;
  /** `[numClasses, embeddingSize]`, not normalised. */
  readonly bank: tf.Tensor2D;
  /** `[batch]` or one number, added to the cosine to the target class; default 0. */
  readonly shift?: tf.Tensor1D | number;
  readonly criterion: 'softmax' | 'bce';
  /** Factor of the cosines. */
  readonly scale: number;
  /** `[1]` or `[numClasses]`, subtracted from the logits; default: no bias. */
  readonly bias?: tf.Tensor1D;
}

/** Returns the cosines of all embeddings with all rows of the bank, `[batch, numClasses]`. */
export function plainCosines(embeddings: tf.Tensor2D, bank: tf.Tensor2D): tf.Tensor2D {
  const unit = (rows: tf.Tensor2D) => tf.div(rows, tf.norm(rows, 2, 1, true)) as tf.Tensor2D;
  return tf.matMul(unit(embeddings), unit(bank), false, true);
}

/** Returns the cosine of each embedding with its target class, `[batch]`. */
export function plainTargetCosines(
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  bank: tf.Tensor2D,
): tf.Tensor1D {
  const own = tf.cast(tf.oneHot(labels, bank.shape[0], 1, 0, 'int32'), 'float32');
  return tf.sum(tf.mul(plainCosines(embeddings, bank), own), 1);
}

/**
 * Returns the loss over a bank by its plain formula, mean over the batch. It is independent of core, and materialises all
 * logits. If `shift` is the value of a margin at one point, the result has the gradient of a margin that stops gradients
 * there.
 */
export function plainBankLoss(inputs: PlainBankLossInputs): tf.Scalar {
  const { embeddings, labels, bank, shift = 0, criterion, scale, bias } = inputs;
  const own = tf.cast(tf.oneHot(labels, bank.shape[0], 1, 0, 'int32'), 'float32');
  const shifts = typeof shift === 'number' ? tf.mul(own, shift) : tf.mul(own, tf.reshape(shift, [-1, 1]));
  const scaled = tf.mul(tf.add(plainCosines(embeddings, bank), shifts), scale);
  const logits = bias ? tf.sub(scaled, bias) : scaled;
  if (criterion === 'softmax') {
    return tf.mean(tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, own), 1)));
  }
  const sign = tf.sub(1, tf.mul(own, 2));
  return tf.mean(tf.sum(tf.softplus(tf.mul(logits, sign)), 1));
}
