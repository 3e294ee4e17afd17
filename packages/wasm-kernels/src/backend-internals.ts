import type { WasmBackend } from './wasm-backend.ts';

/** Internals of tfjs-backend-wasm 4.22, by their names in emscripten 3.1. */
export interface EmscriptenModule {
  asm: { memory: WebAssembly.Memory };
  /** The memory in the threaded build. */
  wasmMemory: WebAssembly.Memory;
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The heap of a wasm backend. */
export interface BackendHeap {
  readonly memory: WebAssembly.Memory;
  readonly isShared: boolean;
  /** Allocates bytes at a multiple of 64, the size of a cache line. */
  allocate(bytes: number): { readonly address: number; readonly free: () => void };
}

/** Returns the heap of a backend, or null if the backend lacks the expected internals. */
export function backendHeap(backend: WasmBackend): BackendHeap | null {
  const { wasm } = backend as { wasm?: Partial<EmscriptenModule> };
  const memory = wasm?.asm?.memory ?? wasm?.wasmMemory;
  if (!(memory instanceof WebAssembly.Memory) || !wasm?._malloc || !wasm._free) return null;
  return {
    memory,
    isShared: typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer,
    allocate(bytes) {
      const { _malloc, _free } = wasm as EmscriptenModule;
      const start = _malloc(bytes + 63);
      // `_malloc` returns addresses above 2 GB as negative numbers.
      const address = Math.ceil((start >>> 0) / 64) * 64;
      return { address, free: () => _free(start) };
    },
  };
}
