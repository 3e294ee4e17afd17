import type { DataType, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

/**
 * The methods of `BackendWasm` that these kernels call. All are public in tfjs-backend-wasm 4.22.
 * {@link stockKernels} throws if one is missing.
 */
export interface WasmBackend {
  /** Allocates a tensor on the WebAssembly heap. Its content is undefined. */
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  /** Returns a view of the tensor. The next allocation may detach it, so take all views after the last allocation. */
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
  /** Releases one reference. The last one frees the memory. */
  disposeData(dataId: TensorInfo['dataId']): boolean;
  incRef(dataId: TensorInfo['dataId']): void;
  /** Returns the number of tensors that share the memory; 0 if it is on another backend. */
  refCount(dataId: TensorInfo['dataId']): number;
  /** Returns the byte offset of a tensor on the heap. Moves it there from another backend. */
  getMemoryOffset(dataId: TensorInfo['dataId']): number;
}

/** Names of the methods of {@link WasmBackend}, to check that they exist. */
export const backendMethods: readonly (keyof WasmBackend)[] = [
  'makeOutput',
  'typedArrayFromHeap',
  'disposeData',
  'incRef',
  'refCount',
  'getMemoryOffset',
];
