import * as tf from '@tensorflow/tfjs-core';
import { shardOperations } from './class-shard.ts';
import { memoryOf, scatterUpdate, writableMemory } from './storage.ts';
import { stopGradient } from './tape.ts';

/**
 * Returns `memory` with row `labels[i]` replaced by `rows[i]`. If a label occurs more than once, the last row of the batch
 * wins. Runs on the device. The result does not depend on the order in which a backend scatters, because every duplicate
 * writes the winner's values.
 *
 * @param memory `[numClasses, size]`, float32 or int32
 * @param labels `[batch]` int32
 * @param rows `[batch, size]`, of the same type
 * @returns a new tensor `[numClasses, size]`
 */
export function writeRows(memory: tf.Tensor2D, labels: tf.Tensor1D, rows: tf.Tensor2D): tf.Tensor2D {
  return stopGradient(() => {
    const indices = tf.cast(labels, 'int32') as tf.Tensor1D;
    const last = lastWithSameLabel(indices);
    const isLast = () =>
      tf.cast(tf.equal(last, tf.range(0, last.size, 1, 'int32')), rows.dtype) as tf.Tensor1D;
    return scatterUpdate(memory, tf.reshape(indices, [-1, 1]) as tf.Tensor2D, tf.gather(rows, last), isLast);
  });
}

/**
 * Writes rows into a variable, as {@link writeRows}. With `@openset/wasm-kernels` it writes in place if no other tensor
 * shares the memory, so that a batch of 128 does not copy a bank of 100,000 classes.
 */
export function assignRows(variable: tf.Variable, labels: tf.Tensor1D, rows: tf.Tensor2D): void {
  const shards = shardOperations(variable);
  if (shards) shards.assignRows(variable, labels, rows);
  else assignHeldRows(variable, labels, rows);
}

/** Writes rows that the variable holds. */
export function assignHeldRows(variable: tf.Variable, labels: tf.Tensor1D, rows: tf.Tensor2D): void {
  if (writableMemory(variable)) exchangeRows(variable, readLabels(labels), readRows(rows));
  else tf.tidy(() => variable.assign(writeRows(variable as tf.Tensor as tf.Tensor2D, labels, rows)));
}

/**
 * Returns the result of `compute` on a variable with rows replaced, as {@link writeRows}, and leaves the variable unchanged.
 * `forward` scores against such a bank before `commit` moves it. If rows can be written in place, they are exchanged during
 * the call and restored after it.
 *
 * @param compute synchronous; must not keep its argument
 */
export function withRows<Result>(
  variable: tf.Variable,
  labels: tf.Tensor1D,
  rows: tf.Tensor2D,
  compute: (memory: tf.Tensor2D) => Result,
): Result {
  const shards = shardOperations(variable);
  return shards ? shards.withRows(variable, rows, compute) : withHeldRows(variable, labels, rows, compute);
}

/** Returns the result of `withRows` for rows that the variable holds. */
export function withHeldRows<Result>(
  variable: tf.Variable,
  labels: tf.Tensor1D,
  rows: tf.Tensor2D,
  compute: (memory: tf.Tensor2D) => Result,
): Result {
  const memory = variable as tf.Tensor as tf.Tensor2D;
  if (!writableMemory(variable)) return compute(writeRows(memory, labels, rows));
  const indices = readLabels(labels);
  const before = exchangeRows(variable, indices, readRows(rows));
  try {
    return compute(memory);
  } finally {
    exchangeRows(variable, indices, before);
  }
}

/** Writes rows one after another. @returns the rows before all writes */
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

/** Returns a copy, because later tensors may grow the heap, which detaches views on it. */
function readRows(rows: tf.Tensor2D): Float32Array {
  return rows.dataSync<'float32'>();
}

/** Returns, for each row, the last row with the same label; `[batch]` int32. */
export function lastWithSameLabel(labels: tf.Tensor1D): tf.Tensor1D {
  const batch = labels.shape[0];
  return tf.argMax(tf.mul(sameLabels(labels), tf.range(1, batch + 1, 1, 'float32')), 1);
}

/** Returns, for each row, the first row with the same label; `[batch]` int32. */
export function firstWithSameLabel(labels: tf.Tensor1D): tf.Tensor1D {
  return tf.argMax(sameLabels(labels), 1);
}

function sameLabels(labels: tf.Tensor1D): tf.Tensor {
  const batch = labels.shape[0];
  return tf.cast(tf.equal(tf.reshape(labels, [batch, 1]), tf.reshape(labels, [1, batch])), 'float32');
}
