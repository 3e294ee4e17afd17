import { backendHeap } from '../backend-internals.ts';
import { kernelModule } from '../kernel-modules.ts';
import { gemmTask } from '../task-ids.ts';
import type { PoolFunctions, PoolOptions } from '../thread-pool.ts';
import type { WasmBackend } from '../wasm-backend.ts';

/** Returns the options of a pool on a backend with shared memory, and a task for it. */
export function poolOptions(backend: WasmBackend, threads: number, patience?: number) {
  const heap = backendHeap(backend)!;
  const module = kernelModule({ shared: true, relaxedSimd: false })!;
  const { exports } = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
  const functions = exports as unknown as PoolFunctions & { scratchBytes(): number };
  const scratchBytes = functions.scratchBytes();
  const options: PoolOptions = {
    functions,
    module,
    memory: heap.memory,
    threads,
    scratch: heap.allocate(scratchBytes).address,
    scratchBytes,
    allocate: heap.allocate,
    ...(patience !== undefined && { patience }),
  };
  return { options, task: (size: number, tile: number) => productOfOnes(backend, size, tile) };
}

/** Returns a task that squares a matrix of ones, in columns of tiles: its parameters, chunks and result. */
function productOfOnes(backend: WasmBackend, size: number, tile: number) {
  const heap = backendHeap(backend)!;
  const { address: a } = heap.allocate(4 * size * size);
  const { address: c } = heap.allocate(4 * size * size);
  const { address: parameters } = heap.allocate(256);
  const { buffer } = heap.memory;
  new Float32Array(buffer, a, size * size).fill(1);
  const words = [size, size, size, a, size, 1, a, size, 1, c, size, 0, size, tile, 0, 0, 0];
  new Int32Array(buffer, parameters, words.length).set(words);
  return {
    number: gemmTask,
    parameters,
    chunks: Math.ceil(size / tile),
    result: () => new Float32Array(heap.memory.buffer, c, size * size),
    clear: () => new Float32Array(heap.memory.buffer, c, size * size).fill(0),
  };
}
