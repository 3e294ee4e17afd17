import {
  firstWithSameLabel,
  hasSynchronousReads,
  normalizeRows,
  stopGradient,
  writeRows,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The share of the old prototype in the new one, from the similarity s of the stored prototype and the embedding:
 * `'softsign'` s / (1 + |s|) (official code), `'sigmoid'` σ(s) (paper), `'sigmoid-shifted'` σ(s − 1) (the code's
 * sigmoid branch), `'replace'` 0 (its direct branch: the latest embedding).
 */
export type PrototypeUpdate = 'softsign' | 'sigmoid' | 'sigmoid-shifted' | 'replace';

/**
 * Several samples of a class in one batch: `'last'` (official code on CPU): all start from the old prototype and the
 * last one stays. `'sequential'`: one after another, each from the result of the one before.
 */
export type DuplicateLabels = 'last' | 'sequential';

const coefficients: Record<PrototypeUpdate, (similarity: tf.Tensor2D) => tf.Tensor> = {
  softsign: (similarity) => tf.div(similarity, tf.add(1, tf.abs(similarity))),
  sigmoid: (similarity) => tf.sigmoid(similarity),
  'sigmoid-shifted': (similarity) => tf.sigmoid(tf.sub(similarity, 1)),
  replace: (similarity) => tf.zerosLike(similarity),
};

/** The words that name an update. */
export const prototypeUpdates = Object.keys(coefficients) as PrototypeUpdate[];

/**
 * The prototypes of a batch's classes after it: `P_y ← normalize(a P_y + (1 − a) x̂)` (EPL, E2; head_EPL.py). No gradient
 * passes.
 *
 * @param prototypes `[numClasses, embeddingSize]`
 * @param embeddings `[batch, embeddingSize]` raw
 * @param labels `[batch]` int32
 * @returns `[batch, embeddingSize]`: for each sample the new prototype of its class, the same for all samples of a class
 */
export function updatedRows(
  prototypes: tf.Tensor2D,
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  { update, duplicates }: { update: PrototypeUpdate; duplicates: DuplicateLabels },
): tf.Tensor2D {
  return stopGradient(() => {
    const indices = tf.cast(labels, 'int32') as tf.Tensor1D;
    const unit = normalizeRows(embeddings).unit;
    // The prototypes of the batch alone; a class has its place where it first occurs.
    const places = firstWithSameLabel(indices);
    let current = tf.gather(prototypes, indices);
    const rounds = duplicates === 'last' ? [null] : roundsWithoutDuplicates(places);
    for (const round of rounds) {
      const rows = round && tf.tensor1d(round, 'int32');
      current = move(
        current,
        rows ? tf.gather(unit, rows) : unit,
        rows ? tf.gather(places, rows) : places,
        update,
      );
    }
    return tf.gather(current, places);
  });
}

function move(
  prototypes: tf.Tensor2D,
  unit: tf.Tensor2D,
  labels: tf.Tensor1D,
  update: PrototypeUpdate,
): tf.Tensor2D {
  const own = tf.gather(prototypes, labels);
  // As stored: the first time a class is seen, its prototype is a random vector that is not of unit length.
  const similarity = tf.sum(tf.mul(own, unit), 1, true) as tf.Tensor2D;
  const share = coefficients[update](similarity);
  const mixed = tf.add(tf.mul(share, own), tf.mul(tf.sub(1, share), unit)) as tf.Tensor2D;
  return writeRows(prototypes, labels, normalizeRows(mixed).unit);
}

/**
 * Splits the rows of a batch so that no part holds a label twice and each label's rows keep their order. Where labels
 * cannot be read without stalling the device, every row is a part of its own: slower, the same result.
 */
function roundsWithoutDuplicates(labels: tf.Tensor1D): number[][] {
  if (!hasSynchronousReads()) return Array.from({ length: labels.shape[0] }, (_, row) => [row]);
  const seen = new Map<number, number>();
  const rounds: number[][] = [];
  labels.dataSync().forEach((label, row) => {
    const round = seen.get(label) ?? 0;
    seen.set(label, round + 1);
    rounds[round] ??= [];
    rounds[round].push(row);
  });
  return rounds;
}
