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
  /** Loss of the logits: cross-entropy over the classes, or binary cross-entropy of each class. */
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
  return tf.sum(tf.mul(plainCosines(embeddings, bank), plainTargets(labels, bank.shape[0])), 1);
}

/** Returns 1 where a sample meets its own class, and 0 elsewhere, `[batch, columns]` float32. */
export function plainTargets(labels: tf.Tensor1D, columns: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(labels, columns, 1, 0, 'int32'), 'float32') as tf.Tensor2D;
}

/**
 * Returns softmax cross-entropy or binary cross-entropy by its plain formula, mean over the batch.
 * @param scores `[batch, columns]`; columns beyond the classes are negatives that belong to no class
 * @param labels `[batch]` int32
 * @param options `scale`: factor of the scores; `bias`: `[1]` or `[columns]`, subtracted from the logits
 */
export function plainCriterion(
  scores: tf.Tensor2D,
  labels: tf.Tensor1D,
  { criterion, scale, bias }: Pick<PlainBankLossInputs, 'criterion' | 'scale' | 'bias'>,
): tf.Scalar {
  const own = plainTargets(labels, scores.shape[1]);
  const scaled = tf.mul(scores, scale);
  const logits = bias ? tf.sub(scaled, bias) : scaled;
  if (criterion === 'softmax') {
    return tf.mean(tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, own), 1)));
  }
  const sign = tf.sub(1, tf.mul(own, 2));
  return tf.mean(tf.sum(tf.softplus(tf.mul(logits, sign)), 1));
}

/**
 * Returns the loss over a bank by its plain formula, mean over the batch. It is independent of core, and materialises all
 * logits. If `shift` is the value of a margin at one point, the result has the gradient of a margin that stops gradients
 * there.
 */
export function plainBankLoss({
  embeddings,
  labels,
  bank,
  shift = 0,
  ...options
}: PlainBankLossInputs): tf.Scalar {
  const own = plainTargets(labels, bank.shape[0]);
  const shifts = typeof shift === 'number' ? tf.mul(own, shift) : tf.mul(own, tf.reshape(shift, [-1, 1]));
  return plainCriterion(tf.add(plainCosines(embeddings, bank), shifts), labels, options);
}
