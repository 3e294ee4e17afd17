import type { WasmBackend } from './wasm-backend.ts';

/** What emscripten 3.1 calls things in tfjs-backend-wasm 4.22. */
export interface EmscriptenModule {
  asm: { memory: WebAssembly.Memory };
  /** In the threaded build. */
  wasmMemory: WebAssembly.Memory;
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** The heap of a backend. */
export interface BackendHeap {
  readonly memory: WebAssembly.Memory;
  readonly isShared: boolean;
  /** Bytes at an address that is a multiple of 64, a cache line. */
  allocate(bytes: number): { readonly address: number; readonly free: () => void };
}

/** The heap of a backend; null where it is built otherwise than expected. */
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
      // Addresses above 2 GB come as negative numbers.
      const address = Math.ceil((start >>> 0) / 64) * 64;
      return { address, free: () => _free(start) };
    },
  };
}
