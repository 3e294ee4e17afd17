import type { DataType, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

/**
 * The part of `BackendWasm` that these kernels use. All of it is public in tfjs-backend-wasm 4.22, and
 * {@link stockKernels} refuses to start when a method is missing.
 */
export interface WasmBackend {
  /** Allocates a tensor on the WebAssembly heap. Its memory is *not* zeroed. */
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  /** A view of the tensor. The next allocation may detach it: take all views after the last allocation. */
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
  /** Gives back one reference; the memory is freed with the last one. */
  disposeData(dataId: TensorInfo['dataId']): boolean;
  incRef(dataId: TensorInfo['dataId']): void;
  /** How many tensors hold the memory; 0 if it lies on another backend. */
  refCount(dataId: TensorInfo['dataId']): number;
  /** Byte offset of a tensor on the heap; brings it there if it lies on another backend. */
  getMemoryOffset(dataId: TensorInfo['dataId']): number;
}

/** The methods of {@link WasmBackend}, to check that they are there. */
export const backendMethods: readonly (keyof WasmBackend)[] = [
  'makeOutput',
  'typedArrayFromHeap',
  'disposeData',
  'incRef',
  'refCount',
  'getMemoryOffset',
];
