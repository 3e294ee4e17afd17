import * as tf from '@tensorflow/tfjs-core';
import { findBankLossKernel } from './bank-loss-kernel.ts';

/**
 * What differs between the backends of tfjs 4.22 in how they store tensors. No other file of the libraries compares
 * names of backends. A backend that is missing here gets the portable path everywhere.
 */
interface BackendTraits {
  /** Whether `dataSync` neither waits for a device nor copies more than the values. */
  readonly synchronousReads?: boolean;
  /** Whether the kernels are JavaScript on one thread. */
  readonly plainJavaScript?: boolean;
  /** Whether `tf.clone` copies the values. */
  readonly clonesByCopying?: boolean;
  /** Whether `tf.tensorScatterUpdate` changes its first operand. */
  readonly scattersInPlace?: boolean;
  /** Whether `tf.tensorScatterUpdate` adds up the rows of an index that occurs more than once, instead of keeping one of them. */
  readonly scatterAddsDuplicates?: boolean;
  /** The memory of a float32 tensor itself, not a copy. */
  readonly memory?: (tensor: tf.Tensor) => Float32Array;
  /** The package that adds the kernels this backend lacks for training. */
  readonly kernelPackage?: string;
}

const traitsByBackend: Readonly<Record<string, BackendTraits>> = {
  cpu: {
    synchronousReads: true,
    plainJavaScript: true,
    scattersInPlace: true,
    // The cpu backend returns its own array.
    memory: (tensor) => tensor.dataSync<'float32'>(),
  },
  wasm: {
    synchronousReads: true,
    clonesByCopying: true,
    memory: heapView,
    kernelPackage: '@openset/wasm-kernels',
  },
  webgl: { scatterAddsDuplicates: true },
  // tfjs-node
  tensorflow: { synchronousReads: true },
};

function activeTraits(): BackendTraits {
  return traitsByBackend[tf.getBackend()] ?? {};
}

/** Returns whether reading a tensor's values synchronously costs next to nothing: on cpu, wasm and tfjs-node, not on GPUs. */
export function hasSynchronousReads(): boolean {
  return activeTraits().synchronousReads ?? false;
}

/** Returns whether the active backend computes in JavaScript on one thread, so that plain TypeScript is as fast. */
export function computesInJavaScript(): boolean {
  return activeTraits().plainJavaScript ?? false;
}

/** Returns the package that adds missing training kernels to a backend; null if there is none. */
export function kernelPackageOf(backend: string): string | null {
  return traitsByBackend[backend]?.kernelPackage ?? null;
}

/** Returns whether the active backend gives access to the memory of tensors. */
export function hasReachableMemory(): boolean {
  return activeTraits().memory !== undefined;
}

/**
 * Returns the memory of a float32 tensor, for reading and writing, or null if the active backend gives no access to it.
 * Take the view again for each use: on wasm, every new tensor may grow the heap, which detaches the views on it.
 */
export function memoryOf(tensor: tf.Tensor): Float32Array | null {
  return activeTraits().memory?.(tensor) ?? null;
}

/**
 * Overwrites the values of a float32 tensor in place, unless something else may share its memory.
 * @returns whether it did
 */
export function overwriteTensor(tensor: tf.Tensor, values: Float32Array): boolean {
  // A tensor of the cpu backend may lie in the array that it was created from.
  const memory = computesInJavaScript() ? null : memoryOf(tensor);
  if (!memory || isShared(tensor)) return false;
  memory.set(values);
  return true;
}

/**
 * Returns the memory of a variable if its values may be changed in place, else null. That takes a backend whose kernels
 * keep no copies of operands (stock tfjs-backend-wasm packs them), and memory that no other tensor shares.
 */
export function writableMemory(variable: tf.Tensor): Float32Array | null {
  if (!findBankLossKernel()?.keepsNoCopies) return null;
  const memory = memoryOf(variable);
  return isShared(variable) ? null : memory;
}

/** Returns whether other tensors share the memory of a tensor. */
export function isShared(tensor: tf.Tensor): boolean {
  return (tf.backend() as tf.KernelBackend).refCount(tensor.dataId) !== 1;
}

/** Returns a tensor on the storage of another. `tf.clone` does the same, except on stock wasm, where it copies the values. */
export function shareStorage<T extends tf.Tensor>(tensor: T): T {
  return tf.reshape(tensor, tensor.shape) as tf.Tensor as T;
}

/** Saves tensors for a backward pass without copies. tfjs clones saved tensors, which copies their values on stock wasm. */
export function saveWithoutCopies(save: tf.GradSaveFunc, tensors: readonly tf.Tensor[]): void {
  if (!activeTraits().clonesByCopying) {
    save([...tensors]);
    return;
  }
  // Replaced for one synchronous call: tfjs has no other way to choose what it keeps.
  const engine = tf.engine() as unknown as { clone: (tensor: tf.Tensor) => tf.Tensor };
  const { clone } = engine;
  engine.clone = shareStorage;
  try {
    save([...tensors]);
  } finally {
    engine.clone = clone;
  }
}

/**
 * `tf.tensorScatterUpdate` that leaves `tensor` unchanged on every backend.
 * @param isLast `[indices]`: 1 for the last of equal indices, else 0; the rows of equal indices must be equal
 */
export function scatterUpdate(
  tensor: tf.Tensor2D,
  indices: tf.Tensor2D,
  rows: tf.Tensor2D,
  isLast: () => tf.Tensor1D,
): tf.Tensor2D {
  // The cpu backend scatters into the array of its operand, which snapshots share.
  const copy = () => tf.mul(tensor, tf.scalar(1, tensor.dtype)) as tf.Tensor2D;
  const target = activeTraits().scattersInPlace ? copy() : tensor;
  if (!activeTraits().scatterAddsDuplicates) return tf.tensorScatterUpdate(target, indices, rows);
  // Into zeros, because such a backend also rounds the difference to the value that it replaces.
  const once = tf.reshape(isLast(), [-1, 1]) as tf.Tensor2D;
  const written = tf.scatterND(indices, tf.mul(rows, once), tensor.shape) as tf.Tensor2D;
  const isWritten = tf.scatterND(indices, once, [tensor.shape[0], 1]);
  return tf.where(tf.cast(isWritten, 'bool'), written, tensor);
}

/** The part of the wasm backend that gives access to a tensor's memory. */
interface WasmBackend {
  getMemoryOffset(dataId: object): number;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

function heapView(tensor: tf.Tensor): Float32Array {
  const backend = tf.backend() as unknown as WasmBackend;
  // Moves a tensor of another backend here, which may grow the heap, before the view is taken.
  backend.getMemoryOffset(tensor.dataId);
  return backend.typedArrayFromHeap(tensor);
}
