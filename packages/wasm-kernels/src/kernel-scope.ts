import { type KernelFunc, type NamedAttrMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type StockKernelName, stockKernels } from './stock-kernels.ts';
import type { WasmBackend } from './wasm-backend.ts';

/**
 * Runs stock kernels inside one of ours and frees intermediate results.
 *
 * Kernels run below the engine's `tidy`, so they must release every intermediate result. A scope holds one reference to
 * each tensor it makes. {@link toKernelFunc} releases all of them, after it adds a reference to each result.
 */
export class KernelScope {
  readonly backend: WasmBackend;
  readonly #made: TensorInfo[] = [];

  constructor(backend: WasmBackend) {
    this.backend = backend;
  }

  /** Runs a kernel of stock tfjs-backend-wasm with one output. */
  run(kernelName: StockKernelName, inputs: Record<string, TensorInfo>, attributes: object = {}): TensorInfo {
    const { kernelFunc } = stockKernels().get(kernelName)!;
    const output = kernelFunc({ inputs, backend: this.backend, attrs: attributes as NamedAttrMap });
    return this.#track(output as TensorInfo);
  }

  /** Allocates a tensor on the heap. Its content is undefined. */
  allocate(shape: number[], dtype: TensorInfo['dtype'] = 'float32'): TensorInfo {
    return this.#track(this.backend.makeOutput(shape, dtype));
  }

  /** Allocates a tensor of zeros. */
  zeros(shape: number[], dtype: TensorInfo['dtype'] = 'float32'): TensorInfo {
    const output = this.allocate(shape, dtype);
    this.view(output).fill(0);
    return output;
  }

  /** Returns a tensor of another shape on the same memory. */
  reshape(x: TensorInfo, shape: number[]): TensorInfo {
    util.assert(
      util.sizeFromShape(x.shape) === util.sizeFromShape(shape),
      () => `Cannot reshape [${x.shape}] to [${shape}].`,
    );
    this.backend.incRef(x.dataId);
    return this.#track({ dataId: x.dataId, shape, dtype: x.dtype });
  }

  transpose(x: TensorInfo, permutation: number[]): TensorInfo {
    return this.run('Transpose', { x }, { perm: permutation });
  }

  /** Returns a copy of the tensor's values. */
  read(x: TensorInfo): Float32Array | Int32Array | Uint8Array {
    return this.view(x).slice();
  }

  /** Returns a view of the tensor's memory. The next allocation may detach it. */
  view(x: TensorInfo): Float32Array | Int32Array | Uint8Array {
    return this.backend.typedArrayFromHeap(x) as Float32Array | Int32Array | Uint8Array;
  }

  /** Returns views of several float32 tensors; see {@link view}. */
  views<Tensors extends readonly TensorInfo[]>(
    ...tensors: Tensors
  ): { [Index in keyof Tensors]: Float32Array } {
    return tensors.map((tensor) => this.view(tensor)) as { [Index in keyof Tensors]: Float32Array };
  }

  /** Copies consecutive elements, starting at `offset`, to a tensor of the given shape. */
  copyRange(x: TensorInfo, offset: number, shape: number[]): TensorInfo {
    const output = this.allocate(shape, x.dtype);
    const length = util.sizeFromShape(shape);
    this.view(output).set(this.view(x).subarray(offset, offset + length));
    return output;
  }

  /** Runs `work` in a scope of its own, which frees intermediate results when `work` returns. */
  nested<Result extends TensorInfo | undefined>(work: (inner: KernelScope) => Result): Result {
    const inner = new KernelScope(this.backend);
    let result: Result | undefined;
    try {
      result = work(inner);
      if (result !== undefined) this.#track(result);
      return result;
    } finally {
      inner.close(result);
    }
  }

  /** Releases all tensors of the scope, but leaves one reference to each of the results. */
  close(results: TensorInfo | readonly TensorInfo[] = []): void {
    for (const { dataId } of [results].flat()) this.backend.incRef(dataId);
    for (const { dataId } of this.#made) this.backend.disposeData(dataId);
    this.#made.length = 0;
  }

  #track(tensor: TensorInfo): TensorInfo {
    this.#made.push(tensor);
    return tensor;
  }
}

/** A kernel that runs in a {@link KernelScope}. `Inputs` and `Attributes` are those of the tfjs kernel. */
export type ScopedKernel<Inputs, Attributes, Results = TensorInfo> = (
  scope: KernelScope,
  inputs: Inputs,
  attributes: Attributes,
) => Results;

/** Converts the kernel to the form that `tf.registerKernel` accepts. */
export function toKernelFunc<Inputs, Attributes>(
  kernel: ScopedKernel<Inputs, Attributes, TensorInfo | TensorInfo[]>,
): KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const scope = new KernelScope(backend as WasmBackend);
    // Moves tensors of other backends to the heap first, because a later move would detach views.
    for (const input of Object.values(inputs)) if (input) scope.backend.getMemoryOffset(input.dataId);
    let results: TensorInfo | TensorInfo[] | undefined;
    try {
      results = kernel(scope, inputs as Inputs, attrs as Attributes);
      return results;
    } finally {
      scope.close(results);
    }
  };
}
