import type { OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A loss as its authors' code computes it, on tfjs operations: the alternative to this project. The formulas equal those of
 * pytorch/losses.py.
 */
type Formula = (loss: OpenSetLoss, embeddings: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar;

const scale = 64;

export const formulas = {
  bce: (loss, embeddings, labels) => unifiedBce(loss, embeddings, labels, 0.4),
  softmax: (loss, embeddings, labels) => {
    const cosines = cosinesWith(embeddings, bankOf(loss.trainable));
    const own = oneHot(labels, cosines);
    const logits = tf.mul(tf.sub(cosines, tf.mul(own, 0.4)), scale);
    return tf.mean(tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, own), 1)));
  },
  uss: (loss, embeddings, labels) => unifiedBce(loss, embeddings, labels, 0.1),
  epl: (loss, embeddings, labels) => {
    const cosines = cosinesWith(embeddings, bankOf(loss.trainable));
    const own = oneHot(labels, cosines);
    const empirical = cosinesWith(embeddings, bankOf(loss.memory));
    // The margin on the prototypes has no gradient.
    const adaptive = tf.mul(own, tf.mul(tf.tensor(empirical.dataSync(), empirical.shape), 0.7));
    const conventional = tf.sub(cosines, tf.mul(own, 0.4));
    const logits = tf.mul(tf.concat([conventional, tf.sub(empirical, adaptive)]), scale);
    const both = tf.concat([own, own]);
    const positive = tf.exp(tf.neg(tf.sum(tf.mul(logits, both), 1)));
    const negatives = tf.sum(tf.mul(tf.exp(logits), tf.sub(1, both)), 1);
    return tf.mean(tf.log(tf.add(1, tf.mul(negatives, positive))));
  },
} satisfies Record<string, Formula>;

/** Computes the unified cross-entropy of UniFace and USS: clamped logits, both kinds of terms for all pairs, then a selection. */
function unifiedBce(loss: OpenSetLoss, embeddings: tf.Tensor2D, labels: tf.Tensor1D, margin: number) {
  const variables = [...loss.trainable, ...loss.memory] as tf.Tensor[];
  const cosines = cosinesWith(embeddings, bankOf(variables));
  const bias = variables.find(({ rank }) => rank === 1) as tf.Tensor1D;
  const positive = tf.clipByValue(tf.sub(tf.mul(tf.sub(cosines, margin), scale), bias), -scale, scale);
  const negative = tf.clipByValue(tf.sub(tf.mul(cosines, scale), bias), -scale, scale);
  const positiveLoss = tf.log(tf.add(1, tf.exp(tf.neg(positive))));
  const negativeLoss = tf.log(tf.add(1, tf.exp(negative)));
  const own = oneHot(labels, cosines);
  const terms = tf.add(tf.mul(own, positiveLoss), tf.mul(tf.sub(1, own), negativeLoss));
  return tf.mean(tf.sum(terms, 1)) as tf.Scalar;
}

function cosinesWith(embeddings: tf.Tensor2D, bank: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(normalize(embeddings), normalize(bank), false, true);
}

/** Normalises rows like F.normalize of PyTorch. */
function normalize(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.div(rows, tf.maximum(tf.norm(rows, 2, 1, true), 1e-5));
}

function oneHot(labels: tf.Tensor1D, like: tf.Tensor2D): tf.Tensor2D {
  // The float32 oneHot of stock tfjs-wasm writes the bits of integers.
  return tf.cast(tf.oneHot(labels, like.shape[1], 1, 0, 'int32'), 'float32') as tf.Tensor2D;
}

/** Returns the class weights or the memory: the matrix among the variables. */
function bankOf(variables: readonly tf.Tensor[]): tf.Tensor2D {
  return variables.find(({ rank }) => rank === 2) as tf.Tensor2D;
}
