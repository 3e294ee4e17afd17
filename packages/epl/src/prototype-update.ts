import {
  firstWithSameLabel,
  hasSynchronousReads,
  normalizeRows,
  rowsOfLabels,
  stopGradient,
  writeRows,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Share of the old prototype in the new one, as a function of the similarity s of stored prototype and embedding:
 * `'softsign'` is s / (1 + |s|) (official code), `'sigmoid'` is σ(s) (paper), `'sigmoid-shifted'` is σ(s − 1) (sigmoid branch
 * of the code), and `'replace'` is 0: the prototype is the latest embedding (direct branch of the code).
 */
export type PrototypeUpdate = 'softsign' | 'sigmoid' | 'sigmoid-shifted' | 'replace';

/**
 * Treatment of several samples of a class in one batch. `'last'` (official code on CPU): each starts from the old prototype,
 * and the result of the last one stays. `'sequential'`: each starts from the result of the previous one.
 */
export type DuplicateLabels = 'last' | 'sequential';

const coefficients: Record<PrototypeUpdate, (similarity: tf.Tensor2D) => tf.Tensor> = {
  softsign: (similarity) => tf.div(similarity, tf.add(1, tf.abs(similarity))),
  sigmoid: (similarity) => tf.sigmoid(similarity),
  'sigmoid-shifted': (similarity) => tf.sigmoid(tf.sub(similarity, 1)),
  replace: (similarity) => tf.zerosLike(similarity),
};

/** All values of `PrototypeUpdate`. */
export const prototypeUpdates = Object.keys(coefficients) as PrototypeUpdate[];

/**
 * Returns the prototypes of a batch's classes after an update with the batch: `P_y ← normalize(a P_y + (1 − a) x̂)` (EPL, E2;
 * head_EPL.py). No gradient passes.
 *
 * @param prototypes `[numClasses, embeddingSize]`
 * @param embeddings `[batch, embeddingSize]`, not normalised
 * @param labels `[batch]` int32
 * @returns `[batch, embeddingSize]`: for each sample, the new prototype of its class
 */
export function updatedPrototypes(
  prototypes: tf.Tensor2D,
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  { update, duplicates }: { update: PrototypeUpdate; duplicates: DuplicateLabels },
): tf.Tensor2D {
  return stopGradient(() => {
    const indices = tf.cast(labels, 'int32') as tf.Tensor1D;
    const unit = normalizeRows(embeddings).unit;
    // Work on the prototypes of the batch alone. Each class lives in the row where it first occurs.
    const places = firstWithSameLabel(indices);
    let current = rowsOfLabels(prototypes, indices);
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
  // Not normalised: until a class is first seen, its prototype is a random vector that is not of unit length.
  const similarity = tf.sum(tf.mul(own, unit), 1, true) as tf.Tensor2D;
  const share = coefficients[update](similarity);
  const mixed = tf.add(tf.mul(share, own), tf.mul(tf.sub(1, share), unit)) as tf.Tensor2D;
  return writeRows(prototypes, labels, normalizeRows(mixed).unit);
}

/**
 * Splits the rows of a batch into rounds: no round contains a label twice, and the rows of a label keep their order. If
 * reading labels would stall the device, each row is one round, which is slower but gives the same result.
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
