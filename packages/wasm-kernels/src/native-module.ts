import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type BackendHeap, backendHeap } from './backend-internals.ts';
import { hasRelaxedSimd, kernelModule } from './kernel-modules.ts';
import { guardMemory } from './out-of-memory.ts';
import { type PoolFunctions, ThreadPool } from './thread-pool.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The functions of assembly/ on the memory of one backend. Addresses are byte offsets. */
export interface NativeFunctions extends PoolFunctions {
  /** Runs one chunk of a task; see assembly/tasks.ts. */
  runChunk(task: number, parameters: number, chunk: number, scratch: number): void;
  scratchBytes(): number;
}

/** Layout of the parameters, as in assembly/parameters.ts. */
const integerWords = 48;
const parameterBytes = 4 * (integerWords + 16);

/** The compiled kernels on the heap of one backend. */
export class NativeModule {
  /** Whether multiply-add is fused. */
  readonly relaxedSimd: boolean;
  private readonly backend: WasmBackend;
  private readonly heap: BackendHeap;
  private readonly module: WebAssembly.Module;
  readonly functions: NativeFunctions;
  private readonly parameters: ReturnType<BackendHeap['allocate']>;
  private readonly scratch: ReturnType<BackendHeap['allocate']>;
  private pool: ThreadPool | null = null;

  constructor(backend: WasmBackend, heap: BackendHeap, module: WebAssembly.Module, relaxedSimd: boolean) {
    this.backend = backend;
    this.heap = heap;
    this.module = module;
    this.relaxedSimd = relaxedSimd;
    const instance = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
    this.functions = instance.exports as unknown as NativeFunctions;
    this.parameters = heap.allocate(parameterBytes);
    this.scratch = heap.allocate(this.functions.scratchBytes());
  }

  /** Number of threads that run tasks. */
  get threads(): number {
    return this.pool?.isRunning ? this.pool.threads : 1;
  }

  /** Returns the address of a tensor. Heap growth does not change it. */
  readonly address = ({ dataId }: TensorInfo): number => this.backend.getMemoryOffset(dataId);

  /** Returns the addresses of tensors, with 0 for each missing one. */
  readonly addresses = (...tensors: readonly (TensorInfo | null | undefined)[]): number[] =>
    tensors.map((tensor) => (tensor ? this.address(tensor) : 0));

  /**
   * Runs all chunks of a task of assembly/tasks.ts on all threads. Returns when the last chunk is finished.
   *
   * @param integers up to 48 integers and addresses
   * @param floats up to 16 numbers
   * @throws WorkerError if a thread makes no progress; later calls then run on one thread
   */
  readonly run = (
    task: number,
    chunks: number,
    integers: readonly number[],
    floats: readonly number[] = [],
  ): void => {
    const parameters = this.parameters.address;
    const { buffer } = this.heap.memory;
    new Int32Array(buffer, parameters, integerWords).set(integers);
    new Float32Array(buffer, parameters + 4 * integerWords, 16).set(floats);
    if (this.pool?.isRunning && chunks > 1) {
      this.pool.run(task, parameters, chunks);
      return;
    }
    const { functions, scratch } = this;
    for (let chunk = 0; chunk < chunks; chunk++) functions.runChunk(task, parameters, chunk, scratch.address);
  };

  /**
   * Sets the number of threads.
   *
   * @throws WorkerError if a thread does not start; tasks then run on one thread
   */
  async setThreads(threads: number): Promise<void> {
    const before = this.pool;
    this.pool = null;
    await before?.close();
    if (threads === 1) return;
    const { functions, module, heap } = this;
    this.pool = await ThreadPool.start({
      functions,
      module,
      memory: heap.memory,
      threads,
      scratch: this.scratch.address,
      scratchBytes: functions.scratchBytes(),
      allocate: heap.allocate,
    });
  }

  /** Ends the threads and frees the memory. Do not use the object afterwards. */
  async close(): Promise<void> {
    await this.setThreads(1);
    this.parameters.free();
    this.scratch.free();
  }
}

const modules = new WeakMap<WasmBackend, NativeModule | null>();
let enabled = true;

/**
 * Returns the compiled kernels on a backend's heap, which start with one thread. Returns null if WebAssembly has no
 * SIMD or the backend lacks the expected internals; the TypeScript versions then run.
 */
export function nativeModule(backend: WasmBackend): NativeModule | null {
  if (!enabled) return null;
  let native = modules.get(backend);
  if (native === undefined) {
    native = instantiate(backend, hasRelaxedSimd());
    modules.set(backend, native);
  }
  return native;
}

/** Returns the compiled kernels with or without relaxed SIMD. The engine must support the choice. */
export async function chooseNativeModule(
  backend: WasmBackend,
  relaxedSimd: boolean,
): Promise<NativeModule | null> {
  const present = modules.get(backend);
  if (present && present.relaxedSimd === relaxedSimd) return present;
  const native = instantiate(backend, relaxedSimd);
  modules.set(backend, native);
  await present?.close();
  return native;
}

/** Describes how a wasm backend computes. */
export function describeNative(backend: WasmBackend): {
  threads: number;
  simd: boolean;
  relaxedSimd: boolean;
} {
  const native = nativeModule(backend);
  return {
    threads: native?.threads ?? 1,
    simd: native !== null,
    relaxedSimd: native?.relaxedSimd ?? false,
  };
}

/** Switches the compiled kernels on or off, for tests of the TypeScript versions. */
export function enableNative(on: boolean): void {
  enabled = on;
}

function instantiate(backend: WasmBackend, relaxedSimd: boolean): NativeModule | null {
  const heap = backendHeap(backend);
  if (!heap) return null;
  guardMemory(backend);
  const module = kernelModule({ shared: heap.isShared, relaxedSimd });
  return module && new NativeModule(backend, heap, module, relaxedSimd);
}
