import * as tf from '@tensorflow/tfjs-core';
import { memoryOf } from './storage.ts';

/**
 * Returns rows `start … start + count − 1` of a float32 tensor, as `tf.slice2d` does. The slice kernel of stock wasm first
 * copies its whole input out of the heap: 400 MB for each block of a bank of 200,000 classes.
 */
export function readRows(tensor: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  const columns = tensor.shape[1];
  const memory = memoryOf(tensor);
  if (!memory) return tf.slice2d(tensor, [start, 0], [count, columns]);
  // A copy, because a new tensor may grow the heap, which detaches the view.
  return tf.tensor2d(memory.slice(start * columns, (start + count) * columns), [count, columns], 'float32');
}
