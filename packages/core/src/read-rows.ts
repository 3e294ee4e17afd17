import * as tf from '@tensorflow/tfjs-core';
import { memoryOf } from './storage.ts';

/**
 * Rows `start … start + count − 1` of a float32 tensor, as `tf.slice2d` gives them. The slice kernel of stock wasm
 * copies its whole input out of the heap first: 400 MB for each block of a bank of 200,000 classes.
 */
export function readRows(tensor: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  const columns = tensor.shape[1];
  const memory = memoryOf(tensor);
  if (!memory) return tf.slice2d(tensor, [start, 0], [count, columns]);
  // A copy, because making the tensor may grow the heap.
  return tf.tensor2d(memory.slice(start * columns, (start + count) * columns), [count, columns], 'float32');
}
