import * as tf from '@tensorflow/tfjs-core';

/** What `plainBankLoss` computes. */
export interface PlainBankLoss {
  readonly embeddings: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
  readonly bank: tf.Tensor2D;
  /** `[batch]`: added to the cosine with the own class. */
  readonly shift?: tf.Tensor1D | number;
  readonly criterion: 'softmax' | 'bce';
  readonly scale: number;
  readonly bias?: tf.Tensor1D;
}

/** `[batch, numClasses]`: the cosines of all pairs, materialised. */
export function plainCosines(embeddings: tf.Tensor2D, bank: tf.Tensor2D): tf.Tensor2D {
  const unit = (rows: tf.Tensor2D) => tf.div(rows, tf.norm(rows, 2, 1, true)) as tf.Tensor2D;
  return tf.matMul(unit(embeddings), unit(bank), false, true);
}

/** `[batch]`: the cosine of each row with its own class. */
export function plainOwnCosines(
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  bank: tf.Tensor2D,
): tf.Tensor1D {
  const own = tf.cast(tf.oneHot(labels, bank.shape[0], 1, 0, 'int32'), 'float32');
  return tf.sum(tf.mul(plainCosines(embeddings, bank), own), 1);
}

/**
 * The loss over a bank by its plain formula, with everything held at once: slow, obvious, and independent of core.
 * With `shift` frozen at a point it has the gradient of a margin that stops the gradient there.
 */
export function plainBankLoss(inputs: PlainBankLoss): tf.Scalar {
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
