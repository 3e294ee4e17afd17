import { applyMargins, type ResolvedBankOptions } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** The batch side of the loss over a bank: `batch` rows, in float64 where sums are taken. */
export interface BankLossRows {
  /** `[batch, size]`: unit (or, for raw products, plain) embeddings. */
  readonly queries: Float32Array;
  /** `1 / max(‖x‖, 1e-5)` of each row, and whether the gradient through it is projected. */
  readonly inverse: Float64Array;
  readonly projected: Uint8Array;
  /** Similarity with the own class before the margins, after them, and the derivative of the margins. */
  readonly ownSimilarity: Float64Array;
  readonly ownWithMargin: Float64Array;
  readonly ownDerivative: Float64Array;
  /** Share of each row in the mean, times the loss's weight; 0 where the own class is empty and skipped. */
  readonly weights: Float32Array;
}

const minimumNorm = 1e-5;

/** Reads the batch and its own classes' bank rows. */
export function bankLossRows(
  embeddings: Float32Array,
  labels: Int32Array,
  bank: Float32Array,
  size: number,
  options: ResolvedBankOptions,
): BankLossRows {
  const batch = labels.length;
  const normalised = options.similarity === 'cosine';
  const queries = new Float32Array(embeddings.length);
  const inverse = new Float64Array(batch);
  const projected = new Uint8Array(batch);
  const ownSimilarity = new Float64Array(batch);
  const present = new Uint8Array(batch).fill(1);
  for (let row = 0; row < batch; row++) {
    const own = bank.subarray(labels[row]! * size, (labels[row]! + 1) * size);
    const raw = embeddings.subarray(row * size, (row + 1) * size);
    const norm = Math.sqrt(dot(raw, raw));
    const ownNorm = Math.sqrt(dot(own, own));
    inverse[row] = normalised ? 1 / Math.max(norm, minimumNorm) : 1;
    projected[row] = normalised && norm > minimumNorm ? 1 : 0;
    for (let k = 0; k < size; k++) queries[row * size + k] = raw[k]! * inverse[row]!;
    const ownInverse = normalised ? 1 / Math.max(ownNorm, minimumNorm) : 1;
    ownSimilarity[row] = dot(queries.subarray(row * size, (row + 1) * size), own) * ownInverse;
    if (options.emptyRows === 'skip' && ownNorm === 0) present[row] = 0;
  }
  const counted = Math.max(
    1,
    present.reduce((sum, value) => sum + value, 0),
  );
  const weights = Float32Array.from(present, (value) => (value * options.weight) / counted);
  return { queries, inverse, projected, ownSimilarity, ...withMargins(ownSimilarity, options), weights };
}

/** Margins are core's; they act on one number a row. */
function withMargins(similarity: Float64Array, { margins }: ResolvedBankOptions) {
  if (margins.length === 0) {
    return { ownWithMargin: similarity, ownDerivative: new Float64Array(similarity.length).fill(1) };
  }
  const { value, derivative } = tf.tidy(() => {
    const result = applyMargins(tf.tensor1d(Float32Array.from(similarity)), margins);
    return { value: result.value.dataSync(), derivative: result.derivative.dataSync() };
  });
  return { ownWithMargin: Float64Array.from(value), ownDerivative: Float64Array.from(derivative) };
}

/** The gradient of the raw embeddings from that of the unit ones: `(g − (g · x̂) x̂) / ‖x‖`, into `target`. */
export function rawGradient(
  unitGradient: Float32Array,
  { queries, inverse, projected }: BankLossRows,
  size: number,
  target: Float32Array,
): void {
  for (let row = 0; row < inverse.length; row++) {
    const gradient = unitGradient.subarray(row * size, (row + 1) * size);
    const unit = queries.subarray(row * size, (row + 1) * size);
    const radial = projected[row] ? dot(gradient, unit) : 0;
    for (let k = 0; k < size; k++) {
      target[row * size + k] = (gradient[k]! - radial * unit[k]!) * inverse[row]!;
    }
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
