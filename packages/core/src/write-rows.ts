import * as tf from '@tensorflow/tfjs-core';
import { memoryOf, scatterUpdate, writableMemory } from './storage.ts';
import { untaped } from './tape.ts';

/**
 * `memory` with `rows[i]` in the place of row `labels[i]`; where a label occurs more than once, the last row of
 * the batch wins. All on the device, and independent of the order in which a backend scatters: every duplicate
 * writes the winner's values.
 *
 * @param memory `[numClasses, size]`
 * @param labels `[batch]` int32
 * @param rows `[batch, size]`
 * @returns a new tensor `[numClasses, size]`
 */
export function writeRows(memory: tf.Tensor2D, labels: tf.Tensor1D, rows: tf.Tensor2D): tf.Tensor2D {
  return untaped(() => {
    const indices = tf.cast(labels, 'int32') as tf.Tensor1D;
    const winners = tf.gather(rows, lastWithSameLabel(indices));
    return scatterUpdate(memory, tf.reshape(indices, [-1, 1]) as tf.Tensor2D, winners);
  });
}

/**
 * {@link writeRows} into a variable. With `@openset/wasm-kernels`, where no other tensor shares its memory, that is done in
 * place: a bank of 100,000 classes is not copied for a batch of 128.
 */
export function assignRows(variable: tf.Variable, labels: tf.Tensor1D, rows: tf.Tensor2D): void {
  if (writableMemory(variable)) exchangeRows(variable, readLabels(labels), readRows(rows));
  else tf.tidy(() => variable.assign(writeRows(variable as tf.Tensor as tf.Tensor2D, labels, rows)));
}

/**
 * Computes with a variable in which {@link writeRows} had been done, which it is not: a bank that `forward` scores against
 * and `commit` moves. Where they could be assigned in place, the rows are exchanged for the time of the call.
 *
 * @param compute synchronous; must not keep the tensor that it is given
 */
export function withRows<Result>(
  variable: tf.Variable,
  labels: tf.Tensor1D,
  rows: tf.Tensor2D,
  compute: (memory: tf.Tensor2D) => Result,
): Result {
  const memory = variable as tf.Tensor as tf.Tensor2D;
  if (!writableMemory(variable)) return compute(writeRows(memory, labels, rows));
  const places = readLabels(labels);
  const before = exchangeRows(variable, places, readRows(rows));
  try {
    return compute(memory);
  } finally {
    exchangeRows(variable, places, before);
  }
}

/** Writes the rows one after another. @returns what was there before any of them */
function exchangeRows(variable: tf.Variable, labels: readonly number[], rows: Float32Array): Float32Array {
  const memory = memoryOf(variable) as Float32Array;
  const size = variable.shape[1] as number;
  const before = new Float32Array(rows.length);
  labels.forEach((label, row) => {
    before.set(memory.subarray(label * size, (label + 1) * size), row * size);
  });
  labels.forEach((label, row) => {
    memory.set(rows.subarray(row * size, (row + 1) * size), label * size);
  });
  return before;
}

function readLabels(labels: tf.Tensor1D): number[] {
  return [...labels.dataSync()];
}

/** A copy: what follows may grow the heap, which detaches the views on it. */
function readRows(rows: tf.Tensor2D): Float32Array {
  return rows.dataSync<'float32'>();
}

/** `[batch]` int32: for each row the last row with the same label. */
function lastWithSameLabel(labels: tf.Tensor1D): tf.Tensor1D {
  const batch = labels.shape[0];
  return tf.argMax(tf.mul(sameLabels(labels), tf.range(1, batch + 1, 1, 'float32')), 1);
}

/** `[batch]` int32: for each row the first row with the same label. */
export function firstWithSameLabel(labels: tf.Tensor1D): tf.Tensor1D {
  return tf.argMax(sameLabels(labels), 1);
}

function sameLabels(labels: tf.Tensor1D): tf.Tensor {
  const batch = labels.shape[0];
  return tf.cast(tf.equal(tf.reshape(labels, [batch, 1]), tf.reshape(labels, [1, batch])), 'float32');
}
