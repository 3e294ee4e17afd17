import * as tf from '@tensorflow/tfjs-core';

/** The part of the wasm backend that gives access to a tensor's memory. */
interface WasmBackend {
  getMemoryOffset(dataId: object): number;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

/**
 * The memory of a float32 tensor on the wasm backend; null on other backends. Take it anew for each use: whatever
 * makes a tensor may grow the heap, which detaches the views on it.
 */
export function heapView(tensor: tf.Tensor): Float32Array | null {
  const backend = tf.backend() as unknown as Partial<WasmBackend>;
  if (typeof backend.typedArrayFromHeap !== 'function') return null;
  // Brings a tensor of another backend over, which may grow the heap, before the view is taken.
  backend.getMemoryOffset?.(tensor.dataId);
  return backend.typedArrayFromHeap(tensor);
}
