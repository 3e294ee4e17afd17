import * as tf from '@tensorflow/tfjs-core';
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
    // The cpu backend (4.22) scatters into the very array it was given: a snapshot sharing it would change too.
    const target = tf.getBackend() === 'cpu' ? tf.mul(memory, 1) : memory;
    return tf.tensorScatterUpdate(target, tf.reshape(indices, [-1, 1]), winners) as tf.Tensor2D;
  });
}

/** `[batch]` int32: for each row the last row with the same label. */
function lastWithSameLabel(labels: tf.Tensor1D): tf.Tensor1D {
  const batch = labels.shape[0];
  const same = tf.cast(tf.equal(tf.reshape(labels, [batch, 1]), tf.reshape(labels, [1, batch])), 'float32');
  return tf.argMax(tf.mul(same, tf.range(1, batch + 1, 1, 'float32')), 1);
}
