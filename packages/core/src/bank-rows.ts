import * as tf from '@tensorflow/tfjs-core';
import type { BankMixture, ResolvedBankOptions } from './bank-options.ts';
import { type NormalizedRows, normalizeRows, normalizeRowsGradient } from './normalize-rows.ts';

/** Rows as the loss scores them, and the way back to the rows of the bank. */
export interface BankRows extends NormalizedRows {
  /**
   * Returns the gradient of the rows of the bank.
   * @param direct `[rows, size]`: gradient of `unit`
   * @param radial `[rows, 1]`: `direct · unit` of each row
   */
  readonly gradient: (direct: tf.Tensor2D, radial: tf.Tensor2D) => tf.Tensor2D;
}

/** Returns rows scaled to unit length, or unchanged for raw products; mixed with other rows if there is a mixture. */
export function openBankRows(
  rows: tf.Tensor2D,
  mixture: BankMixture | null,
  { similarity }: Pick<ResolvedBankOptions, 'similarity'>,
): BankRows {
  const plain = similarity === 'cosine' ? normalizeRows(rows) : keepRows(rows);
  const gradient = (direct: tf.Tensor2D, radial: tf.Tensor2D) => normalizeRowsGradient(plain, direct, radial);
  if (!mixture) return { ...plain, gradient };
  const shares = tf.reshape(mixture.shares, [-1, 1]);
  const kept = tf.sub(1, shares);
  const mixed = normalizeRows(tf.add(tf.mul(plain.unit, kept), tf.mul(mixture.rows, shares)) as tf.Tensor2D);
  return {
    ...mixed,
    gradient: (direct, radial) => {
      const ofPlain = tf.mul(normalizeRowsGradient(mixed, direct, radial), kept) as tf.Tensor2D;
      return gradient(ofPlain, tf.sum(tf.mul(ofPlain, plain.unit), 1, true) as tf.Tensor2D);
    },
  };
}

/** Returns the places of the rows of some classes in a bank of several centers, `[count · centers]`. */
export function placesOfRows(classes: tf.Tensor1D, centers: number): tf.Tensor1D {
  if (centers === 1) return classes;
  const first = tf.mul(tf.cast(tf.reshape(classes, [-1, 1]), 'int32'), tf.scalar(centers, 'int32'));
  return tf.reshape(tf.add(first, tf.range(0, centers, 1, 'int32')), [-1]);
}

/** Returns the mixture of some rows of a bank; `places` is `[rows]`. */
export function gatherMixture({ rows, shares }: BankMixture, places: tf.Tensor1D): BankMixture {
  return { rows: tf.gather(rows, places), shares: tf.gather(shares, places) };
}

function keepRows(rows: tf.Tensor2D): NormalizedRows {
  const nonZero = tf.cast(tf.greater(tf.max(tf.abs(rows), 1, true), 0), 'float32') as tf.Tensor2D;
  return { unit: rows, inverseNorm: tf.onesLike(nonZero), projected: tf.zerosLike(nonZero), nonZero };
}
